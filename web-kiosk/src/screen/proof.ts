/**
 * A screen's key and what it signs: ECDSA P-256 by WebCrypto, of which the private
 * part can't be taken out of the browser. See hub/screens for the other side.
 */
export interface Proof {
  readonly pair: CryptoKeyPair
  /** PEM; missing until a person has confirmed the code. */
  readonly certificate?: string
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const

export async function newProof(): Promise<Proof> {
  return { pair: await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']) }
}

/** DER of SubjectPublicKeyInfo, in base64. */
export async function publicKey(proof: Proof): Promise<string> {
  return base64(await crypto.subtle.exportKey('spki', proof.pair.publicKey))
}

/** The hex SHA-256 of the public key, as the hub names it. */
export async function digest(proof: Proof): Promise<string> {
  const sum = await crypto.subtle.digest('SHA-256', await crypto.subtle.exportKey('spki', proof.pair.publicKey))
  return Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export interface Challenge { challenge: string; hall: string }

/** Signs a challenge for a purpose; a signature for one is none for another. */
export async function sign(proof: Proof, purpose: 'key' | 'session' | 'renew', { challenge, hall }: Challenge, ...more: string[]): Promise<string> {
  const message = new TextEncoder().encode(['hallkeeper-screen', purpose, hall, challenge, ...more].join('\n'))
  return base64(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, proof.pair.privateKey, message))
}

function base64(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
}
