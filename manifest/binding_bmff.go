package manifest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/internal/hashplan"
	"github.com/consentry/consentry/report"
)

// Status codes of the BMFF hash. C2PA 2.5, 14.12.2.
const (
	codeBMFFMatch      = "assertion.bmffHash.match"
	codeBMFFMismatch   = "assertion.bmffHash.mismatch"
	codeBMFFMalformed  = "assertion.bmffHash.malformed"
	codeBMFFAdditional = "assertion.bmffHash.additionalExclusionsPresent"
	codeAlgorithm      = "algorithm.unsupported"
)

// hashAlgorithm gives the hash of an algorithm name. There is no default. C2PA 2.5, 14.4.
func hashAlgorithm(name string) (func() hash.Hash, bool) {
	switch name {
	case "sha256":
		return sha256.New, true
	case "sha384":
		return sha512.New384, true
	case "sha512":
		return sha512.New, true
	}
	return nil, false
}

// checkBMFF holds a c2pa.hash.bmff.v2 or .v3 assertion against the content. cborPayload is the content of the
// assertion's cbor box, claimAlg the claim's default hash algorithm (or empty), specVersion the version that the claim
// generator names (or empty). An error means I/O, cancellation or a limit. C2PA 2.5, 14.12.2.
func checkBMFF(ctx context.Context, c *Content, label, uri string, cborPayload []byte, claimAlg, specVersion string) (*Binding, error) {
	h := &hardBinding{label: label, uri: uri, alg: claimAlg, spec: specVersion}
	m, err := decodeBMFFMap(cborPayload)
	if err != nil {
		k := &bmffCheck{uri: uri, b: &Binding{Label: label}}
		k.malformed("the content hash breaks the rules: %v", err)
		return k.b, nil
	}
	return checkBMFFMap(ctx, c, h, m)
}

// checkBMFFMap is checkBMFF for a map that was read.
func checkBMFFMap(ctx context.Context, c *Content, h *hardBinding, m *bmffMap) (*Binding, error) {
	k := &bmffCheck{ctx: ctx, c: c, uri: h.uri, claimAlg: h.alg, m: m, b: &Binding{Label: h.label}}
	if c.Located == nil || c.Located.File == nil {
		k.mismatch("the content hash is for BMFF files and this is none")
		return k.b, nil
	}
	k.file = c.Located.File
	k.since25 = atLeast25(h.spec)
	k.matcher = newMatcher(k.file, m.Exclusions)
	k.additional()
	if !k.trees() {
		return k.b, nil
	}
	if err := k.run(); err != nil {
		return nil, boxLimit(err)
	}
	if !k.failed() { // what binds nothing leaves no gaps that would say more
		if err := k.cover(); err != nil {
			return nil, boxLimit(err)
		}
	}
	if err := k.when(); err != nil {
		return nil, boxLimit(err)
	}
	k.conclude()
	return k.b, nil
}

// bmffCheck is one run of checkBMFF.
type bmffCheck struct {
	ctx      context.Context
	c        *Content
	uri      string
	claimAlg string
	since25  bool
	b        *Binding
	m        *bmffMap
	file     *bmff.File
	matcher  *matcher
	tree     []*tree
	alg      string // of the file hash
	newHash  func() hash.Hash
	unbound  []gap             // what of Data is not bound, in ascending order
	offsets  bool              // file offsets of media data are not bound
	sizes    map[uint32]uint32 // default sample sizes of tracks in fragments
	leaves   []Range           // what of Data the leaves of Merkle trees bind, in ascending order
	partial  []string          // why the binding is partial; may hold repeats
	cut      bool              // not all rows and digests were kept for those who ask
}

// gap is a part of Data that nothing binds.
type gap struct {
	from, to int64
	entry    int // the exclusion that says so; -1: none does
	box      *bmff.Box
	root     *bmff.Box
}

func (k *bmffCheck) fail(code, format string, args ...any) {
	k.b.Findings = append(k.b.Findings, report.Newf(code, k.uri, format, args...))
}

// malformed notes that the assertion, or the proofs that belong to it, break the rules: then they bind nothing.
func (k *bmffCheck) malformed(format string, args ...any) {
	k.fail(codeBMFFMalformed, format, args...)
	if k.b.State != BindingAltered {
		k.b.State = BindingNotBound
	}
}

// mismatch notes that the content is not what was signed.
func (k *bmffCheck) mismatch(format string, args ...any) {
	k.fail(codeBMFFMismatch, format, args...)
	k.b.State = BindingAltered
}

// damage notes where. The list is bounded; neighbours are joined.
func (k *bmffCheck) damage(where string, offset, length int64) {
	const most = 256
	d := k.b.Damage
	if n := len(d); n > 0 && d[n-1].Where == where && d[n-1].Offset+d[n-1].Length == offset {
		d[n-1].Length += length
		return
	}
	if len(d) < most {
		k.b.Damage = append(d, report.Damage{Where: where, Offset: offset, Length: length})
	}
}

func (k *bmffCheck) failed() bool {
	return k.b.State == BindingAltered || k.b.State == BindingNotBound || k.b.State == BindingUnknown
}

// additional notes exclusions that the specification does not ask for. C2PA 2.5, 14.12.2 and A.5.5.
func (k *bmffCheck) additional() {
	var which []string
	for i := range k.m.Exclusions {
		e := &k.m.Exclusions[i]
		if !e.expected(k.both(), k.since25) && len(which) < 10 {
			which = append(which, e.String())
		}
	}
	if which != nil {
		k.fail(codeBMFFAdditional, "also left out: %s", strings.Join(which, "; "))
	}
}

func (k *bmffCheck) both() bool { return k.m.Hash != nil && k.m.Merkle != nil }

// trees looks up the algorithms and checks the Merkle maps against them. The nearest alg counts: of the Merkle map, of
// the hash map, of the claim. C2PA 2.5, 14.4.
func (k *bmffCheck) trees() bool {
	base := k.claimAlg
	if k.m.Alg != nil {
		base = *k.m.Alg
	}
	use := func(name string) (func() hash.Hash, bool) {
		h, ok := hashAlgorithm(name)
		if !ok {
			k.fail(codeAlgorithm, "hash algorithm %q is not one that C2PA allows", name)
			k.b.State = BindingUnknown
			return nil, false
		}
		for _, have := range k.b.Algs {
			if have == name {
				return h, true
			}
		}
		k.b.Algs = append(k.b.Algs, name)
		return h, true
	}
	var ok bool
	if k.m.Hash != nil {
		if k.newHash, ok = use(base); !ok {
			return false
		}
		k.alg = base
	}
	for i := range k.m.Merkle {
		mm := &k.m.Merkle[i]
		t := &tree{index: i, unique: *mm.UniqueID, local: *mm.LocalID, count: *mm.Count, row: &mm.Hashes, initHash: mm.InitHash, alg: base, variable: mm.Variable}
		if mm.Alg != nil {
			t.alg = *mm.Alg
		}
		if mm.Fixed != nil {
			t.fixed = *mm.Fixed
		}
		if t.newHash, ok = use(t.alg); !ok {
			return false
		}
		t.level, _ = rowLevel(t.count, t.row.len())
		if t.row.size != t.newHash().Size() {
			k.malformed("merkle[%d]: hashes of %d bytes, %s has %d", i, t.row.size, t.alg, t.newHash().Size())
			return false
		}
		for _, other := range k.tree {
			if other.unique == t.unique && other.local == t.local {
				k.malformed("merkle[%d]: uniqueId %d and localId %d stand twice", i, t.unique, t.local)
				return false
			}
		}
		k.tree = append(k.tree, t)
	}
	return true
}

// run chooses what is hashed how. C2PA 2.5, 16.3.2: a fragmented asset has merkle and no hash, another has one of them
// or both; a lone hash over a single fragmented file is what many writers make and binds all of it.
func (k *bmffCheck) run() error {
	moofs := k.file.First(bmff.Moof) != nil
	hasInit := false
	for _, t := range k.tree {
		hasInit = hasInit || t.initHash != nil
	}
	set := len(k.c.Parts) > 0
	// An initialization segment alone has no media data: its trees are of fragments that are not at hand.
	alone := !moofs && !set && hasInit && k.file.First(bmff.Mdat) == nil
	fragmented := moofs || set || alone
	switch {
	case fragmented && k.both():
		k.malformed("hash and merkle together on a fragmented file")
	case set && k.m.Merkle == nil:
		k.mismatch("the manifest binds the initialization segment alone: nothing binds the %d fragments", len(k.c.Parts))
	case set || alone:
		return k.set()
	case fragmented && k.m.Merkle != nil:
		return k.fragments()
	case hasInit:
		k.malformed("initHash on a file that is not fragmented")
	default:
		if k.m.Merkle != nil {
			if err := k.merkle(); err != nil {
				return err
			}
		}
		if k.m.Hash != nil {
			return k.flat()
		}
		k.unbound = without([]gap{{from: 0, to: k.c.Size, entry: -1}}, k.leaves)
		k.partial = append(k.partial, "only media data are bound: headers, sample tables and codec configuration are not")
	}
	return nil
}

// flat holds the hash over the whole file against it. C2PA 2.5, 16.3.2.
//
// What lies in meta has no path, for meta has fields of its own (16.3.2.3). Writers of still pictures leave /meta/iloc
// out all the same, and validators follow them, so where the hash differs that reading is tried: it can only leave more
// out, and what it leaves out is told as not bound. docs/decisions/exclusions-in-meta.md.
func (k *bmffCheck) flat() error {
	rows := len(k.b.Rows)
	p, unbound, sum, err := k.flatSum()
	if err != nil {
		return err
	}
	if !bytes.Equal(sum, k.m.Hash) && k.matcher.asksIntoMeta() {
		first := k.b.Rows[rows:]
		k.matcher.intoMeta, k.b.Rows = true, k.b.Rows[:rows:rows]
		p2, unbound2, sum2, err := k.flatSum()
		switch {
		case err != nil:
			return err
		case bytes.Equal(sum2, k.m.Hash):
			p, unbound, sum = p2, unbound2, sum2
			k.note("exclusions were taken to reach into meta, which C2PA 2.5, 16.3.2.3 does not provide for")
		default:
			k.matcher.intoMeta, k.b.Rows = false, append(k.b.Rows[:rows:rows], first...)
		}
	}
	k.digest("file", k.alg, sum, k.m.Hash)
	k.unbound = without(unbound, k.leaves)
	k.b.Bound = k.c.Size // leaves and the hash over the file may share bytes of a header
	for _, g := range k.unbound {
		k.b.Bound -= g.to - g.from
	}
	if bytes.Equal(sum, k.m.Hash) {
		return nil
	}
	if !k.failed() { // with blocks that differ as well nothing would explain all of it
		if err := k.findCause(); err != nil {
			return err
		}
	}
	if c := k.b.Cause; c != nil {
		k.mismatch("the content hash differs: %s", c.Explanation)
		if c.Kind != CauseAppended && c.Kind != CauseShifted {
			k.damage(c.Where, c.Offset, c.Length)
		}
	} else {
		k.mismatch("the content hash differs%s", k.hint())
	}
	if len(k.b.Damage) > 0 {
		return nil // the cause says where
	}
	where := "somewhere in the bound bytes"
	if k.m.Merkle != nil {
		where = "somewhere outside the media data"
	}
	from, to := int64(0), k.c.Size
	if len(p.Steps) > 0 {
		from, to = p.Steps[0].Offset, p.Steps[len(p.Steps)-1].Offset+p.Steps[len(p.Steps)-1].Length
	}
	k.damage(where, from, to-from)
	return nil
}

// flatSum hashes the whole file as the exclusions say.
func (k *bmffCheck) flatSum() (p hashplan.Plan, unbound []gap, sum []byte, err error) {
	err = k.matcher.plan(0, len(k.file.Boxes), k.c.Size, true, &p, func(r row) {
		k.explain(r, "file")
		if !r.included() {
			unbound = append(unbound, gap{r.from, r.to, r.entry, r.box, r.root})
		}
	})
	if err == nil {
		sum, err = p.Sum(k.ctx, k.c.Data, k.c.Size, k.newHash())
	}
	return p, unbound, sum, err
}

// hint says what about the container goes with a mismatch.
func (k *bmffCheck) hint() string {
	for _, p := range k.file.Problems {
		switch p.Kind {
		case bmff.Truncated:
			return ": the file ends early (" + p.Text + ")"
		case bmff.Trailing, bmff.BadSize:
			if p.Path == "" {
				return fmt.Sprintf(": %d bytes stand behind the last box", k.c.Size-k.file.Parsed)
			}
		}
	}
	return ""
}

func notChecked(what, why string) report.NotChecked { return report.NotChecked{What: what, Why: why} }

// conclude turns what was found into a state.
func (k *bmffCheck) conclude() {
	k.explainLeaves()
	b := k.b
	const most = 1024
	for _, g := range k.unbound {
		if len(b.Excluded) == most {
			b.Notes = append(b.Notes, fmt.Sprintf("%d ranges are not bound; the first %d are listed", len(k.unbound), most))
			break
		}
		x := Exclusion{Range: Range{g.from, g.to - g.from}}
		if g.box != nil {
			x.Path = g.box.Path()
		}
		if g.entry >= 0 {
			e := &k.m.Exclusions[g.entry]
			x.Rule, x.Expected = e.String(), e.expected(k.both(), k.since25)
		}
		b.Excluded = append(b.Excluded, x)
	}
	if k.failed() {
		return
	}
	slices.Sort(k.partial)
	for _, p := range slices.Compact(k.partial) {
		b.Findings = append(b.Findings, report.New("asset.partiallyBound", k.uri, p))
	}
	b.State = BindingIntact
	if len(k.partial) > 0 {
		b.State = BindingPartial
	}
	b.Findings = append([]report.Finding{report.New(codeBMFFMatch, k.uri, "")}, b.Findings...)
}
