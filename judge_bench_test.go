package consentry_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/consentry/consentry"
)

// BenchmarkJudge256 judges 256 people each of whom names 256 tokens.
func BenchmarkJudge256(b *testing.B) {
	w := newWorld(b)
	w.assertion["people"] = []object{}
	w.assertion["tokens"] = []object{}
	var all []int
	for i := range 256 {
		all = append(all, i)
		w.add(object{"jwt": w.token("ada", nil)})
	}
	for i := range 256 {
		w.person(fmt.Sprintf("p%d", i), "hand:ada")["tokens"] = all
	}
	benchmark(b, w)
}

// BenchmarkRegistry50000 judges one person beside a bundle of 50,000 hashed clients.
func BenchmarkRegistry50000(b *testing.B) {
	w := newWorld(b)
	roster := make([]object, 50_000)
	for i := range roster {
		roster[i] = object{"h": b64([]byte(fmt.Sprintf("%016d", i))), "from": made.Add(-time.Hour)}
	}
	w.bundle("agency", object{"roster": roster, "orders": []object{order("grant")}})
	benchmark(b, w)
}

func benchmark(b *testing.B, w *world) {
	doc := w.document()
	var c consentry.FactsCase
	if err := json.Unmarshal(doc, &c); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if a := c.Answer(); a.Error != "" || len(a.People) == 0 || a.People[0].State != "verified" {
			b.Fatalf("%s %v", a.Error, a.Verdict)
		}
	}
}
