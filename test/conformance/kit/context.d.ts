import 'vitest'

declare module 'vitest' {
  /** What `setup.ts` gives to every test file. */
  interface ProvidedContext {
    /** Of the API under test; its user may do everything. */
    kubeconfig: string
    /** `real`: a kube-apiserver, the truth that goldens are written from. */
    target: 'real' | 'standalone'
    /** The API ends with the run, so nothing needs to be cleaned up in it. */
    disposable: boolean
    updateGoldens: boolean
    /** In CI a missing component is a failure, not a reason to skip. */
    ci: boolean
    /** A directory of this run for kubectl's caches and files that tests write. */
    scratch: string
  }
}
