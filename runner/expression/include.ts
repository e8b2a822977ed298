import type { Compiled } from './compiled.js'

/** An included template, or why it cannot be included. */
export type IncludeResult =
  | { readonly compiled: Compiled }
  | { readonly problem: string; readonly hint?: string | undefined }

/** Finds and compiles the template that `include('name')` names. */
export type IncludeFile = (name: string) => IncludeResult
