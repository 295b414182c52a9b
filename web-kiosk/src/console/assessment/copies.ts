/** GET copies: what departments were sent of results, or fetched; see hub/api/documents.go. */
export interface CopyList {
  period?: string
  /** The newest published one. */
  revision?: number
  /** False where the hub has no mail server: departments download then. */
  mails: boolean
  copies: CopyRow[]
  departments: CopyPlace[]
  downloads: DownloadRow[]
}

export interface CopyRow {
  id: string
  period: string
  revision: number
  department: string
  name?: string
  formats: string[]
  state: 'waiting' | 'sent' | 'given_up'
  to?: string
  queued_at: string
  by: string
  attempts: number
  next?: string
  tries: { at: string; attempt: number; server?: string; answer: string; ok: boolean }[]
  files?: { name?: string; sha256: string }[]
}

export interface CopyPlace { id: string; name: string; mail: boolean; email?: string }

export interface DownloadRow { period: string; revision: number; department: string; format: string; sha256: string; at: string; by: string; times: number }

/** A department of a period, with the last mail of the newest revision and what it fetched itself. */
export interface Delivery extends CopyPlace { copy: CopyRow | undefined; older: number; downloads: DownloadRow[] }

/** How each department has its copy: those that need something done come first. */
export function deliveriesOf(list: CopyList): Delivery[] {
  const rank = ({ copy, mail, downloads }: Delivery) => (copy?.state === 'given_up' ? 0 : copy?.state === 'waiting' ? 1 : copy || downloads.length ? 3 : mail ? 2 : 1.5)
  return list.departments.map((place): Delivery => {
    const all = list.copies.filter(({ department }) => department === place.id)
    return { ...place, copy: all.find(({ revision }) => revision === list.revision), older: all.filter(({ revision }) => revision !== list.revision).length, downloads: list.downloads.filter(({ department, revision }) => department === place.id && revision === list.revision) }
  }).sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, 'zh-CN'))
}
