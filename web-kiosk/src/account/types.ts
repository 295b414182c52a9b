/** How one may sign in, as the hub says it. */
export interface SingleSignOn { name: string; name_en: string; down?: boolean }

export interface SignInWays {
  /** False at an address that is no name. */
  passkeys_here: boolean
  single_sign_on?: SingleSignOn
}

export interface WayList extends SignInWays {
  passkeys: { id: string; name: string; rp: string; added: string; cloned?: boolean }[]
  links: { issuer: string; linked: string }[]
  /** A passkey was just used: no password is needed. */
  proved?: boolean
}

export interface HeldSession { id: string; opened: string; used: string; expires: string; address?: string; agent?: string; method?: string; current?: boolean }
