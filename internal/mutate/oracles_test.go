package mutate_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/interop"
	"github.com/consentry/consentry/internal/mutate"
	"github.com/consentry/consentry/report"
)

// asked is how many mutations the other implementations are asked about.
var asked = flag.Uint64("asked", 105, "how many mutations go to the other implementations as well")

// full is the number of mutations, of any seed, of which every rule about mutated files has to meet one.
const full = 6000

// mutated is a mutation with our answer.
type mutated struct {
	source *source
	number uint64
	what   string
	ours   interop.Ours
}

// judged makes the mutations, writes them into a folder, and has our own answers.
func judged(t *testing.T, dir string) (all []mutated, files []interop.File) {
	t.Helper()
	v := verifier(t)
	list := sources(t, v)
	for n := uint64(0); n < *asked; n++ {
		s, donor := list[n%uint64(len(list))], list[(n/uint64(len(list)))%uint64(len(list))]
		if donor.mediaOnly && !s.mediaOnly {
			donor = list[0]
		}
		f, what := s.file.Mutate(*seed, n, donor.file)
		if f.Equal(s.file) {
			continue
		}
		r, err := v.Verify(t.Context(), asset(f))
		m := mutated{source: s, number: n, what: what, ours: interop.Ours{Accepts: err == nil && accepted(r)}}
		if why := s.wrong(f, r); err == nil && why != "" && (s.open == nil || donor.wrong(f, r) != "") {
			t.Errorf("mutation %d of %q (%s): %s", n, s.name, what, why)
		}
		for _, x := range r.Findings {
			if x.Outcome == report.Failure && !slices.Contains(m.ours.Failures, x.Code) {
				m.ours.Failures = append(m.ours.Failures, x.Code)
			}
		}
		switch st := r.Provenance.State; {
		case err != nil:
			m.ours.Failures = append(m.ours.Failures, "a limit of ours: "+err.Error())
		case st == nil:
			m.ours.Failures = append(m.ours.Failures, "not judged")
		case *st == "absent":
			m.ours.Failures = append(m.ours.Failures, "absent")
		}
		all = append(all, m)
		files = append(files, put(t, dir, s, n, f))
	}
	return all, files
}

func put(t *testing.T, dir string, s *source, n uint64, f mutate.File) interop.File {
	t.Helper()
	write := func(name string, data []byte) string {
		name = filepath.Join(dir, fmt.Sprintf("%d-%s", n, name))
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	out := interop.File{Path: write("file", f.Data), Mime: s.mime, Trust: interop.Roots(), At: forge.Clock.Add(hour)}
	for i, p := range f.Parts {
		out.Fragments = append(out.Fragments, write(fmt.Sprintf("part-%d", i), p))
	}
	return out
}

// TestMutationsElsewhere asks other implementations about mutations of signed files of every binding and carrier. Where
// one accepts what the other does not, testdata/interop/rules.yaml has to say by which clause, and no rule may be there
// which none of the first 6,000 mutations of a seed meets, but for those that the rules call seldom.
func TestMutationsElsewhere(t *testing.T) {
	oracles := interop.Installed(t)
	rules := interop.ReadRules(t, "mutated")
	all, files := judged(t, t.TempDir())
	if len(all) < int(*asked)/2 {
		t.Fatalf("only %d mutations changed anything", len(all))
	}
	for _, o := range oracles {
		who, answers := o.Ask(t, files)
		same, silent, count := 0, 0, map[string]int{}
		for i, a := range answers {
			m := all[i]
			switch {
			case !a.Opinion():
				silent++
			case a.Accepts() == m.ours.Accepts:
				same++
			case rules.Explain(o, m.source.name, m.ours, a):
				count[fmt.Sprintf("explained, we accept: %v", m.ours.Accepts)]++
			default:
				t.Errorf("%s, mutation %d of %q (%s): we accept: %v %q; they say %.300s; no rule explains it",
					o, m.number, m.source.name, m.what, m.ours.Accepts, m.ours.Failures, a.Told())
			}
			if kind, _, ok := strings.Cut(a.Refused, ": "); ok && (kind == "crash" || kind == "hang") {
				count[kind]++
			}
		}
		t.Logf("%s: %d mutations of seed %d, as we say: %d, no opinion: %d, %v", who, len(answers), *seed, same, silent, count)
		if same < len(answers)/2 {
			t.Errorf("%s: only %d of %d answers agree: was anything compared?", who, same, len(answers))
		}
	}
	if *asked >= full {
		for _, r := range rules.Stale(oracles) {
			t.Errorf("a rule about mutated files that none has met: we %s, %q: %s", r.Ours, r.Oracles, r.Clause)
		}
	}
}
