import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { FrameObserver } from './frame.ts'
import type { QueueObserver } from './work-queue.ts'

// Names, labels and buckets are controller-runtime's and client-go's, so that dashboards made for them work.

/** Seconds; controller-runtime's. */
const RECONCILE_BUCKETS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2,
  2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
]
/** Seconds, 10 ns to 1000 s; the work queue's. */
const QUEUE_BUCKETS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000]
/** Seconds; client-go's. */
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 45, 60]

export interface ControllerObservers {
  queue: QueueObserver
  frame: FrameObserver
  /** Asked at each scrape how long each running pass has taken, in ms. */
  watchRunning(runningFor: () => number[]): void
}

export class EngineMetrics {
  readonly registry = new Registry()
  readonly #controller = ['controller'] as const
  readonly #queue = ['name', 'controller'] as const
  readonly #running = new Map<string, () => number[]>()

  readonly #reconciles = this.#counter(
    'controller_runtime_reconcile_total',
    'Total number of reconciliations per controller',
    [...this.#controller, 'result'],
  )
  readonly #errors = this.#counter(
    'controller_runtime_reconcile_errors_total',
    'Total number of reconciliation errors per controller',
    this.#controller,
  )
  readonly #terminal = this.#counter(
    'controller_runtime_terminal_reconcile_errors_total',
    'Total number of terminal reconciliation errors per controller',
    this.#controller,
  )
  readonly #panics = this.#counter(
    'controller_runtime_reconcile_panics_total',
    'Total number of reconciliation panics per controller',
    this.#controller,
  )
  readonly #timeouts = this.#counter(
    'controller_runtime_reconcile_timeouts_total',
    'Total number of reconciliation timeouts per controller',
    this.#controller,
  )
  readonly #passSeconds = this.#histogram(
    'controller_runtime_reconcile_time_seconds',
    'Length of time per reconciliation per controller',
    this.#controller,
    RECONCILE_BUCKETS,
  )
  readonly #maxWorkers = this.#gauge(
    'controller_runtime_max_concurrent_reconciles',
    'Maximum number of concurrent reconciles per controller',
    this.#controller,
  )
  readonly #activeWorkers = this.#gauge(
    'controller_runtime_active_workers',
    'Number of currently used workers per controller',
    this.#controller,
  )
  readonly #depth = this.#gauge('workqueue_depth', 'Current depth of workqueue by workqueue and priority', [
    ...this.#queue,
    'priority',
  ])
  readonly #adds = this.#counter('workqueue_adds_total', 'Total number of adds handled by workqueue', this.#queue)
  readonly #retries = this.#counter(
    'workqueue_retries_total',
    'Total number of retries handled by workqueue',
    this.#queue,
  )
  readonly #waitSeconds = this.#histogram(
    'workqueue_queue_duration_seconds',
    'How long in seconds an item stays in workqueue before being requested',
    this.#queue,
    QUEUE_BUCKETS,
  )
  readonly #workSeconds = this.#histogram(
    'workqueue_work_duration_seconds',
    'How long in seconds processing an item from workqueue takes.',
    this.#queue,
    QUEUE_BUCKETS,
  )
  readonly #requests = this.#counter(
    'rest_client_requests_total',
    'Number of HTTP requests, partitioned by status code, method, and host.',
    ['code', 'method', 'host'],
  )
  readonly #requestSeconds = this.#histogram(
    'rest_client_request_duration_seconds',
    'Request latency in seconds. Broken down by verb, and host.',
    ['verb', 'host'],
    REQUEST_BUCKETS,
  )

  readonly #webhooks = this.#counter(
    'komodo_webhook_deliveries_total',
    'Requests to the webhook listener, by kind of git server and by how they ended.',
    ['provider', 'result'],
  )

  readonly #leader = this.#gauge(
    'leader_election_master_status',
    "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master. 'name' is the string used to identify the lease. Please make sure to group by name.",
    ['name'],
  )

  constructor() {
    const running = (name: string, help: string, sum: (durations: number[]) => number): Gauge => {
      const all = this.#running
      const labelNames = this.#queue
      return new Gauge({
        name,
        help,
        labelNames,
        registers: [this.registry],
        collect() {
          for (const [controller, runningFor] of all) {
            this.set({ name: controller, controller }, sum(runningFor()) / 1000)
          }
        },
      })
    }
    running(
      'workqueue_unfinished_work_seconds',
      "How many seconds of work has been done that is in progress and hasn't been observed by work_duration. Large values indicate stuck threads.",
      (durations) => durations.reduce((total, duration) => total + duration, 0),
    )
    running(
      'workqueue_longest_running_processor_seconds',
      'How many seconds has the longest running processor for workqueue been running.',
      (durations) => Math.max(0, ...durations),
    )
  }

  /** Memory, event loop, file descriptors. */
  collectProcessMetrics(): void {
    // prom-client looks at the event loop every 10 ms by default, which costs an idle process more than all else it does. Looked at
    // once a second its quantiles mean nothing; what `nodejs_eventloop_lag_seconds` measures at each scrape stays.
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 1_000 })
    for (const which of ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99']) {
      this.registry.removeSingleMetric(`nodejs_eventloop_lag_${which}_seconds`)
    }
  }

  forController(controller: string, workers: number): ControllerObservers {
    const queue = { name: controller, controller }
    this.#maxWorkers.set({ controller }, workers)
    // Present from the start, so that a rate over them is not missing its first step.
    for (const result of ['success', 'error', 'requeue', 'requeue_after'])
      this.#reconciles.inc({ controller, result }, 0)
    for (const counter of [this.#errors, this.#terminal, this.#panics, this.#timeouts]) counter.inc({ controller }, 0)
    this.#activeWorkers.set({ controller }, 0)
    const adds = this.#adds.labels(queue)
    const depth = this.#depth.labels({ ...queue, priority: '0' })
    const retries = this.#retries.labels(queue)
    const waitSeconds = this.#waitSeconds.labels(queue)
    const workSeconds = this.#workSeconds.labels(queue)
    const activeWorkers = this.#activeWorkers.labels({ controller })
    const passSeconds = this.#passSeconds.labels({ controller })
    return {
      queue: {
        added: () => adds.inc(),
        depthChanged: (size) => depth.set(size),
        started: (waitedMs) => waitSeconds.observe(waitedMs / 1000),
        finished: (workedMs) => workSeconds.observe(workedMs / 1000),
        retried: () => retries.inc(),
      },
      frame: {
        passStarted: () => activeWorkers.inc(),
        passEnded: ({ kind, metric, panic }, durationMs, timedOut) => {
          activeWorkers.dec()
          passSeconds.observe(durationMs / 1000)
          this.#reconciles.inc({ controller, result: metric })
          if (metric === 'error') this.#errors.inc({ controller })
          if (kind === 'stalled') this.#terminal.inc({ controller })
          if (panic) this.#panics.inc({ controller })
          if (timedOut) this.#timeouts.inc({ controller })
        },
      },
      watchRunning: (runningFor) => this.#running.set(controller, runningFor),
    }
  }

  leading(lease: string, leads: boolean): void {
    this.#leader.set({ name: lease }, leads ? 1 : 0)
  }

  webhookEnded(provider: string, result: string): void {
    this.#webhooks.inc({ provider, result })
  }

  /** For `createKubeClient`. */
  requestObserver(host: string): (request: { method: string; code: string; durationMs: number }) => void {
    return ({ method, code, durationMs }) => {
      this.#requests.inc({ code, method, host })
      this.#requestSeconds.observe({ verb: method, host }, durationMs / 1000)
    }
  }

  #counter(name: string, help: string, labelNames: readonly string[]): Counter {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] })
  }

  #gauge(name: string, help: string, labelNames: readonly string[]): Gauge {
    return new Gauge({ name, help, labelNames: [...labelNames], registers: [this.registry] })
  }

  #histogram(name: string, help: string, labelNames: readonly string[], buckets: number[]): Histogram {
    return new Histogram({ name, help, labelNames: [...labelNames], buckets, registers: [this.registry] })
  }
}
