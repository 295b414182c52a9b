import type { Entry, Keep } from './outbox'

const database = 'hallkeeper.rate'
const table = 'outbox'

/**
 * Keeps entries in the tablet's IndexedDB. "Strict" makes the browser answer
 * only when the entry is on disk, so that a power cut after "kept" loses nothing.
 */
export function browserKeep(): Keep {
  let opened: Promise<IDBDatabase> | undefined
  const open = () => (opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const asked = indexedDB.open(database, 1)
    asked.onupgradeneeded = () => { asked.result.createObjectStore(table, { keyPath: 'id' }) }
    asked.onsuccess = () => resolve(asked.result)
    asked.onerror = () => { opened = undefined; reject(asked.error ?? new Error(database)) }
  }))
  async function change(what: (store: IDBObjectStore) => void): Promise<void> {
    const db = await open()
    await new Promise<void>((resolve, reject) => {
      const transaction = db.transaction(table, 'readwrite', { durability: 'strict' })
      what(transaction.objectStore(table))
      transaction.oncomplete = () => resolve()
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error(table))
    })
  }
  return {
    async all() {
      const db = await open()
      return await new Promise<Entry[]>((resolve, reject) => {
        const asked = db.transaction(table).objectStore(table).getAll()
        asked.onsuccess = () => resolve(asked.result as Entry[])
        asked.onerror = () => reject(asked.error ?? new Error(table))
      })
    },
    put: (entry) => change((store) => store.put(entry)),
    remove: (id) => change((store) => store.delete(id)),
  }
}
