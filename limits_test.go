package consentry_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/report"
)

func TestASidecarIsBounded(t *testing.T) {
	data := forge.Make(forge.Recipe{NoStore: true}).Data
	for _, size := range []int{2 << 20, 2<<20 + 1} {
		r := verify(t, trusting(t), beside(data, map[string][]byte{".consent.jwt": []byte(strings.Repeat("a", size))}))
		told := slices.ContainsFunc(r.Findings, func(f report.Finding) bool {
			return f.Code == "consent.input.tooLarge" && strings.Contains(f.Explanation, "sidecar")
		})
		if told != (size > 2<<20) {
			t.Errorf("%d bytes: %v", size, r.Findings)
		}
	}
}

// greedy answers every question with as much as it may, and notes how much that was.
type greedy struct {
	most    []int64
	nothing bool // it says no instead
}

// Get gives as many bytes as are allowed.
func (g *greedy) Get(_ context.Context, address string, most int64) (int, string, []byte, error) {
	g.most = append(g.most, most)
	if g.nothing {
		return 404, address, nil, errors.New("nothing there")
	}
	return 200, address, make([]byte, most), nil
}

func (g *greedy) GetSameHost(ctx context.Context, address string, most int64) (int, string, []byte, error) {
	return g.Get(ctx, address, most)
}

// Tokens may have 16 KiB; what comes for one file has 32 MiB at the most, and nothing is asked behind that.
func TestWhatIsFetchedIsBounded(t *testing.T) {
	c := forge.Consent([]forge.Map{forge.Depicted("p1", "ada", 0)}, forge.Token("ada", nil))
	var tokens []any
	for i := range 3 {
		tokens = append(tokens, forge.Map{{K: "uri", V: fmt.Sprint("https://ada.example/", i)}, {K: "s256", V: digest(fmt.Sprint(i))}})
	}
	c.Set("tokens", tokens)
	v := consenting(t)
	g := &greedy{}
	v.Fetch = g
	verify(t, v, asset(forge.Make(with(forge.Assertion{CBOR: c}, forge.Signer{})).Data))
	if want := []int64{16 << 10, 16 << 10, 16 << 10}; !slices.Equal(g.most, want) {
		t.Errorf("tokens: %v", g.most)
	}

	var lists []string
	for i := range 6 {
		lists = append(lists, forge.Token("ada", func(p, _ forge.Object) {
			p["jti"] = fmt.Sprint("t", i)
			p["exp"] = forge.Clock.AddDate(0, 6, 0).Unix()
			p["status"] = forge.Object{"status_list": forge.Object{"idx": 0, "uri": fmt.Sprint("https://ada.example/status/", i)}}
		}))
	}
	g = &greedy{}
	v.Fetch = g
	people := []forge.Map{}
	for i := range 6 {
		people = append(people, forge.Depicted(fmt.Sprint("p", i), "ada", i))
	}
	r := verify(t, v, asset(forge.Make(with(forge.Assertion{CBOR: forge.Consent(people, lists...)}, forge.Signer{})).Data))
	if want := []int64{8 << 20, 8 << 20, 8 << 20, 8 << 20}; !slices.Equal(g.most, want) {
		t.Errorf("status lists: %v", g.most)
	}
	if !slices.ContainsFunc(r.NotChecked, func(n report.NotChecked) bool { return n.What == "references" }) {
		t.Errorf("nothing says that two lists were not fetched: %v", r.NotChecked)
	}
}
