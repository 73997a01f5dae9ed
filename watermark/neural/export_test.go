package neural

import "testing"

// SetMeasured puts a measurement in the table for the time of a test.
func SetMeasured(t *testing.T, kind Kind, digest string, m Measurement) {
	key := string(kind) + ":" + digest
	measured[key] = m
	t.Cleanup(func() { delete(measured, key) })
}
