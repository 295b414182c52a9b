import type { zhCN } from './zh-CN'

/** A word or sentence that pages show. */
export type Key = keyof typeof zhCN

/** All words in one language. */
export type Catalogue = { readonly [key in Key]: string }

/** The names in braces of a text. */
type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never

/** What must be filled in for a key: nothing, or an object with exactly its names. */
export type Fill<K extends Key> = [Names<(typeof zhCN)[K]>] extends [never]
  ? []
  : [fill: { readonly [name in Names<(typeof zhCN)[K]>]: string | number }]
