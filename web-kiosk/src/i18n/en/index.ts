import type { Catalogue } from '../catalogue'
import { board } from './board'
import { check } from './check'
import { conduct } from './conduct'
import { hall } from './hall'
import { line } from './line'
import { matter } from './matter'
import { paper } from './paper'
import { people } from './people'
import { policies } from './policies'
import { queue } from './queue'
import { rating } from './rating'
import { ratings } from './ratings'
import { score } from './score'
import { shell } from './shell'
import { statistics } from './statistics'

/** The English words. A key that is missing here, or too many, is a type error. */
export const en = { ...statistics, ...shell, ...hall, ...check, ...line, ...people, ...matter, ...paper, ...queue, ...rating, ...ratings, ...conduct, ...score, ...board } as const satisfies Catalogue
