/** GET policies. */
export interface PolicyList { policies: { id: string }[] }
