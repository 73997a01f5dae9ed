package consentry_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/consentry/consentry"
)

// many is n people each of whom names n tokens.
func many(t testing.TB, n int) *world {
	w := newWorld(t)
	w.assertion["people"] = []object{}
	w.assertion["tokens"] = []object{}
	var all []int
	for i := range n {
		all = append(all, i)
		w.add(object{"jwt": w.token("ada", nil)})
	}
	for i := range n {
		w.person(fmt.Sprintf("p%d", i), "hand:ada")["tokens"] = all
	}
	return w
}

func BenchmarkJudge256(b *testing.B) { benchmark(b, many(b, 256)) }

// TestACrowdCostsLittle holds the judgement of 256 people with 256 tokens each to the shape of its cost: each pair
// allocates the same, and little. The benchmark says how long it takes.
func TestACrowdCostsLittle(t *testing.T) {
	judged := func(n int) uint64 {
		var c consentry.FactsCase
		if err := json.Unmarshal(many(t, n).document(), &c); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		a := c.Answer()
		runtime.ReadMemStats(&after)
		if a.Error != "" || len(a.People) != n || a.People[n-1].State != "verified" {
			t.Fatalf("%d people: %s, %v", len(a.People), a.Error, a.Verdict)
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	few, bytes := judged(64), judged(256)
	if bytes > 20*few {
		t.Errorf("sixteen times the pairs allocate %d times as much", bytes/few)
	}
	if bytes > 200<<20 {
		t.Errorf("it allocates %d MB", bytes>>20)
	}
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
