/** How one may sign in, as the hub says it. */
export interface SingleSignOn { name: string; name_en: string; down?: boolean }

export interface SignInWays {
  /** False at an address that is no name, or none of the hub's. */
  passkeys_here: boolean
  /** The hub's names, at which there can be passkeys. */
  passkeys_at?: string[]
  single_sign_on?: SingleSignOn
}

export interface WayList extends SignInWays {
  passkeys: { id: string; name: string; rp: string; added: string; used?: string; cloned?: boolean }[]
  links: { issuer: string; linked: string }[]
  /** A passkey was just used: no password is needed. */
  proved?: boolean
}

export interface HeldSession { id: string; opened: string; used: string; expires: string; address?: string; agent?: string; method?: string; current?: boolean }
