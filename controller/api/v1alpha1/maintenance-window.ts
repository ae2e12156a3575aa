import { choice, flag, integer, text } from './field.ts'
import Type from './schema.ts'

/** A time during which alerts are held back. */
export const maintenanceWindow = Type.Object(
  {
    name: Type.String({
      description: 'Label of the window. Example: `nightly backup`.',
      'x-komodo': { since: '1.18.2' },
    }),
    description: text('Free text for humans.', { example: 'Backups saturate the disks.' }),
    scheduleType: choice(['Daily', 'Weekly', 'OneTime'] as const, 'How the window recurs.', { default: 'Daily' }),
    dayOfWeek: text('Weekly: day of the week, in English.', { example: 'monday' }),
    date: text('OneTime: the date, as year-month-day.', { example: '2026-01-31' }),
    hour: integer('Hour it starts, 0 to 23.', { default: 0, minimum: 0, maximum: 255 }),
    minute: integer('Minute it starts, 0 to 59.', { default: 0, minimum: 0, maximum: 255 }),
    durationMinutes: Type.Integer({
      description: 'Length in minutes; may go past midnight. Example: `90`.',
      minimum: 0,
      maximum: 4_294_967_295,
    }),
    timezone: text("IANA time zone; empty: the controller's.", { example: 'Europe/Berlin' }),
    enabled: flag('false: the window is ignored.', { default: true }),
  },
  { description: 'One window.' },
)
