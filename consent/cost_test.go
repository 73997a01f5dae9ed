package consent

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// The figures that a pilot relies on, on one core of a server: a bundle of 50,000 hashed clients in 200 ms and 60 MB, a
// status list of 2^20 tokens in 50 ms. The benchmarks measure them; the tests hold memory to them, the growth of its use
// to the growth of the input, and what a look-up costs to a constant.

// hashedBundle is a bundle of n hashed clients, as an agency of that size publishes.
func hashedBundle(t testing.TB, n int) string {
	t.Helper()
	b := &Registry{salt: []byte("0123456789abcdef")}
	var roster strings.Builder
	for i := range n {
		if i > 0 {
			roster.WriteByte(',')
		}
		fmt.Fprintf(&roster, `{"h":%q,"from":"2025-01-01T00:00:00Z","until":"2027-01-01T00:00:00Z"}`, b.hash(client(i)))
	}
	payload := fmt.Sprintf(`{"iss":%q,"sequence":1,"iat":%d,"next_update":"2026-12-01T00:00:00Z","salt":%q,"roster":[%s],"orders":[],"revocations":[]}`,
		issuerURI("agency"), made.Unix(), b64(string(b.salt)), roster.String())
	key := testKey(t, "agency", "Ed25519")
	return signText(t, object{"alg": key.Alg(), "typ": "consent-registry+jwt", "kid": key.Kid}.text(t), payload, key)
}

func client(i int) openSubject { return openSubject{"hand", fmt.Sprintf("10.23/C-%d", i)} }

// cost is the bytes that a piece of work allocates. Times are for the benchmarks: on a machine that does other things
// as well they say nothing.
func cost(work func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	work()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestABundleOf50000CostsLittle(t *testing.T) {
	list := newWorld(t).c.trust
	var book *Registry
	load := func(text string) func() {
		return func() {
			var err error
			if book, err = openRegistry(text, list, today); err != nil {
				t.Fatal(err)
			}
		}
	}
	few := cost(load(hashedBundle(t, 5_000)))
	bytes := cost(load(hashedBundle(t, 50_000)))
	if bytes > 80<<20 { // 60 MB, and what the race detector adds
		t.Errorf("it allocates %d MB", bytes>>20)
	}
	if bytes > 12*few {
		t.Errorf("ten times the clients allocate %d times as much", bytes/few)
	}
	for _, i := range []int{0, 25_000, 49_999} {
		if !book.holds(client(i), today) {
			t.Errorf("client %d is not found", i)
		}
	}
	if book.holds(client(50_000), today) {
		t.Error("somebody else is found")
	}
	if n := testing.AllocsPerRun(100, func() { book.holds(client(49_999), today) }); n > 10 {
		t.Errorf("a look-up allocates %v times", n)
	}
}

// longList is a status list token of n tokens of one bit, every third of them revoked.
func longList(t testing.TB, n int) string {
	data := make([]byte, n/8)
	for i := 0; i < n; i += 3 {
		data[i/8] |= 1 << (i % 8)
	}
	return listToken(t, aList(1, deflated(t, data)))
}

// lastStatus reads the status of the last token of a list, from its text on.
func lastStatus(t testing.TB, text string, n int) {
	lists := newStatusLists([]string{text})
	l := lists.byURI["https://performer.test/status"]
	if len(l) != 1 || !l[0].verified(issuerURI("performer"), newWorld(t).c.trust.Entry(issuerURI("performer")), nil, Time{}) {
		t.Fatal("the list is not read")
	}
	if v, ok := l[0].value(int64(n-1), lists); !ok || v != byte(1-min(1, (n-1)%3)) {
		t.Fatalf("the status of token %d is %d, %v", n-1, v, ok)
	}
}

func TestAStatusListOf2To20CostsLittle(t *testing.T) {
	const n = 1 << 20
	text := longList(t, n)
	bytes := cost(func() { lastStatus(t, text, n) })
	if bytes > 4<<20 {
		t.Errorf("it allocates %d kB", bytes>>10)
	}
}

func BenchmarkRegistry50000(b *testing.B) {
	text, list := hashedBundle(b, 50_000), newWorld(b).c.trust
	b.ReportAllocs()
	for b.Loop() {
		if _, err := openRegistry(text, list, today); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRegistryLookUp(b *testing.B) {
	book, err := openRegistry(hashedBundle(b, 50_000), newWorld(b).c.trust, today)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if !book.holds(client(49_999), today) {
			b.Fatal("not found")
		}
	}
}

func BenchmarkStatusList2To20(b *testing.B) {
	text := longList(b, 1<<20)
	b.ReportAllocs()
	for b.Loop() {
		lastStatus(b, text, 1<<20)
	}
}
