import type { PlanChange, PlanFieldChange, PlanSummary } from '../api/v1alpha1/plan.ts'
import { lineDiff } from './line-diff.ts'

/** A plan as kubectl shows it, in words and in order; the CLI and events use the same words. */
export interface RenderOptions {
  /** Wraps a piece of text in a colour; the CLI passes one on a terminal. */
  paint?: (tone: 'add' | 'change' | 'remove' | 'deploy' | 'quiet', text: string) => string
}

const marks = { create: '+', update: '~', delete: '-', deploy: '>', 'write-back': '<' } as const
const tones = { create: 'add', update: 'change', delete: 'remove', deploy: 'deploy', 'write-back': 'change' } as const

/** `3 to create, 1 to update, nothing to delete; 2 deploys` */
export function renderSummary(summary: PlanSummary): string {
  const parts = [
    summary.create > 0 ? `${summary.create} to create` : '',
    summary.update > 0 ? `${summary.update} to update` : '',
    summary.delete > 0 ? `${summary.delete} to delete` : '',
    summary.deploy > 0 ? `${summary.deploy} to deploy` : '',
    summary.writeBack ? `${summary.writeBack} to write back` : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? 'nothing to do' : parts.join(', ')
}

/** Everything that will happen, for a stranger: one block an object, old and new values, where it is declared, and why. */
export function renderPlan(changes: readonly PlanChange[], summary: PlanSummary, options: RenderOptions = {}): string {
  const paint = options.paint ?? ((_, text: string) => text)
  const lines: string[] = []
  for (const change of changes) {
    if (change.action === 'deploy') continue
    const at = change.source === undefined ? '' : paint('quiet', `  (${change.source})`)
    lines.push(`${paint(tones[change.action], `${marks[change.action]} ${change.action} ${title(change)}`)}${at}`)
    if (change.reason !== undefined) lines.push(`    ${change.reason}`)
    for (const field of change.fields ?? []) {
      lines.push(...renderField(field, change.action).map((line) => `    ${line}`))
    }
  }
  const deploys = changes.filter((change) => change.action === 'deploy')
  if (deploys.length > 0) {
    if (lines.length > 0) lines.push('')
    for (const deploy of deploys) {
      const why = deploy.reason === undefined ? '' : `: ${deploy.reason}`
      lines.push(`${paint('deploy', `${marks.deploy} deploy ${title(deploy)}`)} in round ${deploy.round ?? 1}${why}`)
    }
  }
  if (lines.length > 0) lines.push('')
  lines.push(`Plan: ${renderSummary(summary)}.`)
  return `${lines.join('\n')}\n`
}

/** `Stack web`, and the object's name where it differs. */
const title = ({ kind, name, objectName }: PlanChange): string =>
  name === objectName ? `${kind} ${name}` : `${kind} ${name} (${objectName})`

function renderField({ path, old, new: to, secret }: PlanFieldChange, action: PlanChange['action']): string[] {
  if (secret) return [`${path}: ${action === 'create' ? '(secret)' : 'changed (secret)'}`]
  if (old?.includes('\n') || to?.includes('\n'))
    return [`${path}:`, ...lineDiff(old ?? '', to ?? '').map((line) => `  ${line}`)]
  if (action === 'create') return [`${path}: ${to ?? ''}`]
  return [`${path}: ${old ?? '(not set)'} -> ${to ?? '(not set)'}`]
}

/** `path: old -> new` where both are short, else the path. */
export function renderFieldInLine({ path, old, new: to, secret }: PlanFieldChange): string {
  const [before, now] = [old ?? '(not set)', to ?? '(not set)']
  const short = !secret && before.length + now.length <= 80 && !`${before}${now}`.includes('\n')
  return short ? `${path}: ${before} -> ${now}` : path
}
