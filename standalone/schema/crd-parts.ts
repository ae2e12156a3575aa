/** The parts of a CRD that its checks read; what is absent or of a wrong type reads as empty. */
import type { Json, JsonObject } from './contract.ts'
import { isObject } from './go.ts'

export const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
export const part = (object: JsonObject, key: string): JsonObject => (isObject(object[key]) ? object[key] : {})
export const objects = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])
export const strings = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(String) : [])
