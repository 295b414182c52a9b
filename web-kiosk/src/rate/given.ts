/** What a citizen says of a bad rating. */
export interface Given { reasons: string[]; text?: string; phone?: string }

/** The longest text, in characters, as the hub takes it. */
export const longest = 500

/** A mobile number, or a landline with its area code, as the hub takes it; none is fine. */
export function phoneOk(phone: string): boolean {
  return phone === '' || /^(1\d{10}|0\d{2,3}-?\d{7,8})$/.test(phone)
}

/** What is sent, or null where nothing was said. */
export function given(reasons: readonly string[], text: string, phone: string): Given | null {
  const words = [...text.trim()].slice(0, longest).join('')
  if (reasons.length === 0 && words === '' && phone === '') return null
  return { reasons: [...reasons], ...(words ? { text: words } : {}), ...(phone ? { phone } : {}) }
}
