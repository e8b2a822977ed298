/** What program.cjs gives: the command, and the public API for those who import the package. */
export { main } from '../../runner/main.js'
export const api = () => import('../../runner/index.js')
