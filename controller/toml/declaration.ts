/** What the files say: the outcome of reading TOML, before anything of Kubernetes. */

export interface SourceFile {
  /** Relative to the root of the source, with `/`. */
  path: string
  text: string
}

/** 1-based. */
export interface SourcePosition {
  file: string
  line: number
  column: number
}

export interface Diagnostic {
  severity: 'error' | 'warning'
  /** Stable CamelCase code, for example `UnknownKey`. */
  code: string
  /** For the user: what is wrong and what to do. Without the position. */
  message: string
  position: SourcePosition
  /**
   * The error concerns this one object alone: it has no declaration, and what is there of it must be left as it is (not pruned). An error
   * without it makes the whole revision unusable.
   */
  block?: BlockName
}

export interface BlockName {
  /** `Stack`, `Deployment`, ... */
  kind: string
  /** As written. */
  name: string
}

/** One `[[kind]]` block in our own shape. */
export interface Declaration {
  /** `Stack`, `Deployment`, ... */
  kind: string
  /** As written. */
  name: string
  /** Only what was written: camelCase canonical keys (aliases resolved, values normalised, wrapper and config flattened, `operator` kept). */
  spec: Record<string, unknown>
  /** Values of secret fields, by dotted path in spec; never part of `spec`. */
  secrets: Record<string, string>
  /** Of the block's header. */
  position: SourcePosition
}

export interface ParsedFiles {
  declarations: Declaration[]
  /** With any error the revision is refused whole, except those that name the one `block` they concern. */
  diagnostics: Diagnostic[]
}
