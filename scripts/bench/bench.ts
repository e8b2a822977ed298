import type { TestBed } from './test-bed.js'

/** A benchmark: measures, checks that what it measured was done, and gives its section of docs/benchmarks.md. */
export interface Bench {
  /** On the command line, and of its section. */
  readonly name: string
  /** On the hosts of the bench's own lab, or without any. */
  readonly run:
    | { readonly on: 'lab'; measure(bed: TestBed): Promise<string> }
    | { readonly on: 'controller'; measure(): Promise<string> }
}
