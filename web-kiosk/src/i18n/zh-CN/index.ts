import { approvals } from './approvals'
import { assess } from './assess'
import { board } from './board'
import { check } from './check'
import { conduct } from './conduct'
import { enrolment } from './enrolment'
import { firsthour } from './firsthour'
import { hall } from './hall'
import { health } from './health'
import { line } from './line'
import { matter } from './matter'
import { obligations } from './obligations'
import { paper } from './paper'
import { people } from './people'
import { personal } from './personal'
import { policies } from './policies'
import { queue } from './queue'
import { rating } from './rating'
import { ratings } from './ratings'
import { score } from './score'
import { screens } from './screens'
import { shell } from './shell'
import { statistics } from './statistics'
import { ways } from './ways'

/**
 * The Chinese words, which are written first: the keys of this catalogue are
 * the keys of all others, and words in braces are filled in.
 */
export const zhCN = { ...statistics, ...shell, ...screens, ...enrolment, ...firsthour, ...hall, ...health, ...check, ...line, ...people, ...personal, ...matter, ...paper, ...queue, ...rating, ...ratings, ...conduct, ...score, ...board, ...assess, ...policies, ...obligations, ...approvals, ...ways } as const
