import { get } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Operator } from '../../controller/operator.ts'

/** What `/metrics` says. Not by `fetch`, whose code alone would take 10 MiB of the memory that is measured. */
export const metricsOf = ({ healthUrl }: Operator): Promise<string> =>
  new Promise((resolve, reject) => {
    get(`${healthUrl}/metrics`, (response) => text(response).then(resolve, reject)).on('error', reject)
  })
