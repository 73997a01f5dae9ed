package manifest

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/consentry/consentry/internal/hashplan"
)

func newPlan(t testing.TB, m *matcher, l *Located, sink rowSink) *hashplan.Plan {
	t.Helper()
	var p hashplan.Plan
	if err := m.plan(0, len(l.File.Boxes), l.File.Size, true, &p, sink); err != nil {
		t.Fatal(err)
	}
	return &p
}

func BenchmarkFragments(b *testing.B) {
	for _, n := range []int{4_000, 16_000, 64_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f := newFragFile(n, 0)
			data, payload := f.bytes(), cb(f.m)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				r := bytes.NewReader(data)
				l, err := Locate(context.Background(), r, int64(len(data)), Limits{})
				if err != nil {
					b.Fatal(err)
				}
				got, err := checkBMFF(context.Background(), &Content{Data: r, Size: int64(len(data)), Located: l}, "c2pa.hash.bmff.v3", "", payload, "", "")
				if err != nil || got.State != BindingIntact {
					b.Fatal(got, err)
				}
			}
		})
	}
}
