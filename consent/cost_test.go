package consent

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// The figures that a pilot relies on, on one core of a server: a bundle of 50,000 hashed clients in 200 ms and 60 MB, a
// status list of 2^20 tokens in 50 ms. The benchmarks measure them. A test cannot, beside others and under the race
// detector; it holds memory to the figure, time to a multiple of it that no mistake of shape stays under, and what a
// look-up costs to a constant.
const slack = 10

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

// cost is what a piece of work takes: the best time of three, and the bytes that it allocates.
func cost(work func()) (time.Duration, uint64) {
	best, bytes := time.Hour, uint64(0)
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		work()
		best = min(best, time.Since(start))
		runtime.ReadMemStats(&after)
		bytes = after.TotalAlloc - before.TotalAlloc
	}
	return best, bytes
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
	_, few := cost(load(hashedBundle(t, 5_000)))
	took, bytes := cost(load(hashedBundle(t, 50_000)))
	if bytes > 60<<20 {
		t.Errorf("it allocates %d MB", bytes>>20)
	}
	if bytes > 12*few {
		t.Errorf("ten times the clients allocate %d times as much", bytes/few)
	}
	if took > slack*200*time.Millisecond {
		t.Errorf("it takes %v", took)
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
	took, bytes := cost(func() { lastStatus(t, text, n) })
	if took > slack*50*time.Millisecond || bytes > 4<<20 {
		t.Errorf("it takes %v and %d kB", took, bytes>>10)
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
