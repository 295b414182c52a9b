/** What browsers do with passkeys, between the hub's JSON and their buffers. */

/** Whether this page may use passkeys: browsers let pages only that came encrypted, or from this machine by its name. */
export const usable = (): boolean => window.isSecureContext && typeof window.PublicKeyCredential === 'function'

interface Described { id: string; type: 'public-key'; transports?: AuthenticatorTransport[] }

interface CreationJSON {
  challenge: string
  rp: PublicKeyCredentialRpEntity
  user: { id: string; name: string; displayName: string }
  pubKeyCredParams: PublicKeyCredentialParameters[]
  timeout?: number
  excludeCredentials?: Described[]
  authenticatorSelection?: AuthenticatorSelectionCriteria
  attestation?: AttestationConveyancePreference
}

interface RequestJSON { challenge: string; rpId?: string; timeout?: number; userVerification?: UserVerificationRequirement; allowCredentials?: Described[] }

export interface Begun<T> { ceremony: string; options: T }
export type BegunCreation = Begun<CreationJSON>
export type BegunRequest = Begun<RequestJSON>

function bytes(text: string): ArrayBuffer {
  const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(plain, (c) => c.charCodeAt(0)).buffer
}

function text(buffer: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

const described = (list: Described[] | undefined) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }))

/** Lets the browser make a passkey; null where the person or the device would not. */
export async function make(options: CreationJSON): Promise<object | null> {
  try {
    const made = await navigator.credentials.create({ publicKey: {
      ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) }, excludeCredentials: described(options.excludeCredentials),
    } }) as PublicKeyCredential | null
    if (made === null) return null
    const response = made.response as AuthenticatorAttestationResponse
    return { ...frame(made), response: { clientDataJSON: text(response.clientDataJSON), attestationObject: text(response.attestationObject), transports: response.getTransports() } }
  } catch {
    return null
  }
}

/** Lets the browser sign with a passkey; null where the person or the device would not. */
export async function sign(options: RequestJSON): Promise<object | null> {
  try {
    const signed = await navigator.credentials.get({ publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials: described(options.allowCredentials) } }) as PublicKeyCredential | null
    if (signed === null) return null
    const response = signed.response as AuthenticatorAssertionResponse
    return { ...frame(signed), response: {
      clientDataJSON: text(response.clientDataJSON), authenticatorData: text(response.authenticatorData), signature: text(response.signature),
      userHandle: response.userHandle === null ? '' : text(response.userHandle),
    } }
  } catch {
    return null
  }
}

function frame(credential: PublicKeyCredential): object {
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, clientExtensionResults: {} }
}
