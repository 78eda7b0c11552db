import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findingsIn, lineOf } from '../src/findings.ts'

const MANIFEST = `# two documents
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selectr:
    app: web
  ports:
  - port: 80
    targetPort: 8080
  - name: https
    port: many
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  template:
    spec:
      containers:
        - name: app
          ports:
            - containerPort: 8080
`

test('a path leads to its line, in lists and in later documents', () => {
  assert.deepEqual(
    ['spec.selectr', 'spec.ports[0].targetPort', 'spec.ports[1].port', 'spec.template.spec.containers[0].ports[0].containerPort'].map(path => lineOf(MANIFEST, path)),
    [7, 11, 13, 24],
  )
})

test('a field that is missing is looked for where it should be', () => {
  assert.equal(lineOf(MANIFEST, 'spec.ports[0].name'), 10)
  assert.equal(lineOf(MANIFEST, 'spec.clusterIP'), 6)
})

test("the API server's sentences are told by line", () => {
  const lines = (complaint: string) => findingsIn(MANIFEST, complaint).map(({ line }) => line)
  assert.deepEqual(lines('strict decoding error: unknown field "spec.selectr", unknown field "metadata.x"'), [7, 4])
  assert.deepEqual(lines('json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32'), [10])
  assert.deepEqual(lines('The Service "web" is invalid: \n* metadata.name: Invalid value: "X"\n* spec.ports[1].name: Required value\n'), [5, 12])
  assert.deepEqual(lines('error: error parsing a.yaml: error converting YAML to JSON: yaml: line 6: found a tab'), [6])
  assert.deepEqual(lines('error: no matches for kind "Deployment" in version "v1"'), [16])
  assert.deepEqual(lines(''), [])
})
