/** Personal data as such, as hub/api/personal.go answers. */

export interface Look { at: string; by: string; name?: string; export?: boolean; own?: boolean; fields?: string[]; reason?: string }

export interface Revealed { fields: { field: string; value: string; position?: number }[] }

export interface Retention {
  kind: string
  days: number
  keep: number
  keep_reference?: string
  reference: string
  from?: string
  zh: string
  en: string
  from_zh: string
  from_en: string
  keys: number
  next?: string
}

export interface RetentionList {
  kinds: Retention[]
  lapsing: { key: string; kind: string; on: string }[]
  gone: { key: string; day: string; why: 'retention' | 'request'; article: string; reference?: string; by: string }[]
}
