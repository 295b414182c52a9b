import type { DeviceState, ScreenUse, Severity } from '../../wire.gen'

/** What is wrong with the machines, and what was; see hub/api. */
export interface TroubleList { readonly open: readonly TroubleRow[]; readonly past: readonly TroubleRow[] }

export interface TroubleRow {
  readonly trouble: string
  readonly kind: string
  readonly severity: Severity
  readonly since: string
  readonly until?: string
  readonly zh: string
  readonly en: string
  readonly do_zh: string
  readonly do_en: string
  readonly seen: readonly Seen[]
}

export interface Seen { readonly by: string; readonly at: string; readonly note?: string }

export interface SystemHealth {
  readonly at: string
  readonly version: string
  readonly disk: Disk
  readonly backup: Backup
  readonly clock: { readonly synchronised: boolean; readonly offset_seconds?: number; readonly steps: number; readonly wrong?: 'unsynced' | 'stepped' }
  readonly log_checked?: string
  readonly log_faults: number
  readonly ways: readonly string[]
  readonly channels: readonly Channel[]
  readonly certificates: readonly CertificateEnd[]
  readonly devices: readonly { readonly agent: string; readonly window?: string; readonly state: DeviceState; readonly version?: string; readonly seen_at?: string }[]
  readonly screens: readonly { readonly screen: string; readonly name: string; readonly use: ScreenUse; readonly connected: boolean; readonly beat?: { readonly at: string; readonly heap: number; readonly nodes: number; readonly build: string } }[]
}

/** Sizes are in bytes. */
export interface Disk {
  readonly size: number
  readonly free: number
  readonly data: number
  readonly log: number
  readonly views: number
  readonly backups: number
  readonly per_day?: number
  readonly days?: number
  readonly level: 'fine' | 'soon' | 'now'
  readonly samples: readonly { readonly at: string; readonly free: number; readonly data: number }[]
}

export type BackupWord = 'fresh' | 'none' | 'old' | 'never'

export interface Backup {
  readonly state: BackupWord
  readonly every_seconds: number
  readonly last?: string
  readonly back?: string
  readonly places: readonly Place[]
}

export interface Place {
  readonly place: string
  readonly state: BackupWord
  readonly last?: string
  readonly next?: string
  readonly making?: string
  readonly failed?: string
  readonly why?: string
  readonly why_zh?: string
  readonly size?: number
  readonly same_disk?: boolean
}

export interface Channel {
  readonly channel: 'mail' | 'webhook'
  readonly set: boolean
  readonly last_ok?: string
  readonly last_failed?: string
  readonly answer?: string
  readonly next?: string
  readonly tries: readonly { readonly at: string; readonly ok: boolean; readonly test?: boolean; readonly troubles: number; readonly answer?: string }[]
}

export interface CertificateEnd { readonly what: 'authority' | 'https' | 'agent' | 'screen'; readonly name?: string; readonly until: string }

export interface TestAnswers { readonly answers: readonly { readonly channel: 'mail' | 'webhook'; readonly to: string; readonly ok: boolean; readonly answer?: string }[] }
