import { ApiError } from './objects.js'

/** A Kubernetes Status object for an error. */
export function statusOf(error: ApiError): unknown {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: error.message,
    reason: error.reason,
    code: error.status,
  }
}

export const unauthorized = new ApiError(401, 'Unauthorized', 'Unauthorized')
export const forbidden = (message: string): ApiError => new ApiError(403, 'Forbidden', message)
