import type { Proof } from './proof'

/** What a screen keeps of itself; `next` is a key whose certificate may have been lost on its way. */
export interface Kept { readonly self: Proof | null; readonly next: Proof | null }

/** Where it is kept: the browser's database, since a key that can't be taken out fits nowhere else. */
export interface Keep {
  load(): Promise<Kept>
  save(kept: Kept): Promise<void>
}

export function browserKeep(name = 'hallkeeper-screen'): Keep {
  const store = 'screen'
  async function open(): Promise<IDBDatabase> {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(store)
    return done(request)
  }
  return {
    async load() {
      const db = await open()
      try {
        const kept: unknown = await done(db.transaction(store).objectStore(store).get('kept'))
        return (kept as Kept | undefined) ?? { self: null, next: null }
      } finally {
        db.close()
      }
    },
    async save(kept) {
      const db = await open()
      try {
        const change = db.transaction(store, 'readwrite', { durability: 'strict' })
        change.objectStore(store).put(kept, 'kept')
        await new Promise<void>((resolve, reject) => {
          change.oncomplete = () => resolve()
          change.onabort = change.onerror = () => reject(change.error ?? new Error('the database refused'))
        })
      } finally {
        db.close()
      }
    },
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('the database refused'))
  })
}
