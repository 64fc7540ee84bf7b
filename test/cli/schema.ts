/**
 * The published schemas, made stricter for the tests: there every field that is printed must be described, while readers
 * of the JSON must live with fields that are added later.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { expect } from 'vitest'
import { root } from './run.ts'

type Schema = boolean | { readonly [key: string]: unknown }

const folder = join(root, 'schema')
const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, strictTypes: false })
addFormats.default(ajv)
export const schemaNames: readonly string[] = readdirSync(folder).map((file) => file.replace(/\.json$/, ''))
for (const name of schemaNames) ajv.addSchema(closed(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))) as Schema)

/** Fails with the places where `value` is not what schema/NAME.json says. */
export function expectValid(name: string, value: unknown): void {
  const validate = ajv.getSchema(`${name}.json`)
  if (validate === undefined) throw new Error(`there is no schema/${name}.json`)
  const isValid = validate(value)
  expect({ isValid, errors: validate.errors ?? [] }).toEqual({ isValid: true, errors: [] })
}

function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const entries = Object.entries(schema).map(([key, value]) => [
    key,
    key === 'if' || key === 'then' || key === 'else' ? value : closed(value),
  ])
  const copy = Object.fromEntries(entries) as Record<string, unknown>
  return copy['type'] === 'object' && 'properties' in copy ? { ...copy, additionalProperties: false } : copy
}
