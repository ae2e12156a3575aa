import { choice, flag, text } from './field.ts'

/** Fields of kinds that can run by the clock. */
export const schedule = {
  scheduleFormat: choice(['English', 'Cron'] as const, 'How `schedule` is written.', {
    default: 'English',
    since: '1.17.2',
  }),
  schedule: text('When it runs by itself; empty: never. Cron has six fields, seconds first.', {
    since: '1.17.2',
    example: 'Every day at 03:00',
  }),
  scheduleEnabled: flag('false: the schedule is ignored.', { default: true, since: '1.17.2' }),
  scheduleTimezone: text("IANA time zone of the schedule; empty: the controller's.", {
    since: '1.17.2',
    example: 'Europe/Berlin',
  }),
  scheduleAlert: flag('Alert when the schedule fires.', { default: true, since: '1.17.2' }),
  failureAlert: flag('Alert when a run fails.', { default: true, since: '1.17.2' }),
}
