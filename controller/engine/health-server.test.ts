import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HealthServer } from './health-server.ts'
import { startHealthServer } from './health-server.ts'
import { EngineMetrics } from './metrics.ts'

let server: HealthServer
let missing: string | undefined
beforeAll(async () => {
  const metrics = new EngineMetrics()
  metrics.forController('stack', 4)
  server = await startHealthServer({
    host: '127.0.0.1',
    port: 0,
    metrics: metrics.registry,
    readiness: { caches: () => missing, always: () => undefined },
  })
})
afterAll(() => server.close())

const get = async (path: string, method = 'GET'): Promise<[number, string]> => {
  const response = await fetch(server.url + path, { method })
  return [response.status, await response.text()]
}

describe('the health server', () => {
  it('is alive as soon as it answers', async () => {
    expect(await get('/healthz')).toEqual([200, 'ok'])
  })

  it('is ready when nothing is missing, and else says what is', async () => {
    expect(await get('/readyz?verbose')).toEqual([200, 'ok'])
    missing = 'waiting for stacks'
    expect(await get('/readyz')).toEqual([
      503,
      '[-]caches failed: waiting for stacks\n[+]always ok\nreadyz check failed\n',
    ])
    missing = undefined
  })

  it('exposes the metrics that dashboards for controller-runtime look for, before anything happened', async () => {
    const [, body] = await get('/metrics')
    for (const line of [
      'controller_runtime_reconcile_total{controller="stack",result="success"} 0',
      'controller_runtime_max_concurrent_reconciles{controller="stack"} 4',
      'controller_runtime_active_workers{controller="stack"} 0',
    ]) {
      expect(body).toContain(line)
    }
    const names = [...body.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
    expect(names).toEqual(
      expect.arrayContaining([
        'controller_runtime_reconcile_errors_total',
        'controller_runtime_terminal_reconcile_errors_total',
        'controller_runtime_reconcile_panics_total',
        'controller_runtime_reconcile_timeouts_total',
        'controller_runtime_reconcile_time_seconds',
        'workqueue_depth',
        'workqueue_adds_total',
        'workqueue_queue_duration_seconds',
        'workqueue_work_duration_seconds',
        'workqueue_unfinished_work_seconds',
        'workqueue_longest_running_processor_seconds',
        'workqueue_retries_total',
        'rest_client_requests_total',
        'rest_client_request_duration_seconds',
      ]),
    )
  })

  it.each([
    ['/nothing', 'GET', 404],
    ['/metrics', 'POST', 405],
  ])('answers %s %s with %i', async (path, method, status) => {
    expect((await get(path, method))[0]).toBe(status)
  })

  it('says which flag to change when its port is taken', async () => {
    const port = Number(new URL(server.url).port)
    const options = { host: '127.0.0.1', port, metrics: new EngineMetrics().registry, readiness: {} }
    await expect(startHealthServer(options)).rejects.toThrow(/EADDRINUSE.*--health-listen/)
  })
})
