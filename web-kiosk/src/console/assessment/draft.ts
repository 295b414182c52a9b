/** A text that is being written outlives a reload, as long as the tab is open. Storage may be refused or full; then it does not. */
const key = (base: string) => `hallkeeper.policy.${base}`

export function keptDraft(base: string, storage = store()): string | null {
  try {
    return storage?.getItem(key(base)) || null
  } catch {
    return null
  }
}

export function keepDraft(base: string, text: string, storage = store()): void {
  try {
    storage?.setItem(key(base), text)
  } catch {
    // See above.
  }
}

export function dropDraft(base: string, storage = store()): void {
  try {
    storage?.removeItem(key(base))
  } catch {
    // See above.
  }
}

function store(): Storage | null {
  try {
    return sessionStorage
  } catch {
    return null
  }
}
