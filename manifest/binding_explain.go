package manifest

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/consentry/consentry/report"
)

// maxRows bounds the rows of a binding, and its digests: "inspect --hash" of a long fragmented file shows them.
const maxRows = 1 << 16

// restUnlisted says that there is more than [maxRows] of rows or digests.
func restUnlisted() string {
	return fmt.Sprintf("of the parts and of the digests the first %s are listed", report.Count(maxRows, "row"))
}

// planDigest is a digest beside the one of the assertion, in memory of its own.
func planDigest(name, alg string, computed, expected []byte) PlanDigest {
	return PlanDigest{Name: name, Alg: alg, Computed: bytes.Clone(computed), Expected: bytes.Clone(expected), OK: bytes.Equal(computed, expected)}
}

// LeavesDigest is what [PlanRow.Digest] has for parts that go into the leaves of Merkle trees.
const LeavesDigest = "leaves"

// explain keeps a row of the plan for those who ask.
func (k *bmffCheck) explain(r row, digest string) {
	if !k.c.Explain || len(k.b.Rows) >= maxRows {
		k.cut = k.cut || k.c.Explain
		return
	}
	p := PlanRow{Range: Range{r.from, r.to - r.from}, Included: r.included(), Prefix: r.prefix, Digest: digest}
	if r.box != nil {
		p.Path = r.box.Path()
	}
	if !p.Included {
		p.Rule, p.Digest = k.m.Exclusions[r.entry].String(), ""
	}
	k.b.Rows = append(k.b.Rows, p)
}

func (k *bmffCheck) digest(name, alg string, computed, expected []byte) {
	if k.c.Explain {
		k.told(planDigest(name, alg, computed, expected))
	}
}

func (k *bmffCheck) told(d PlanDigest) {
	if len(k.b.Digests) >= maxRows {
		k.cut = true
		return
	}
	k.b.Digests = append(k.b.Digests, d)
}

// explainLeaves tells of parts that the hash over the whole file leaves out, or where there is none, that they go into
// leaves of Merkle trees.
func (k *bmffCheck) explainLeaves() {
	if !k.c.Explain {
		return
	}
	rows := k.b.Rows
	if len(k.leaves) > 0 && k.m.Hash == nil {
		rows = nil
		for _, b := range k.file.Boxes[:min(len(k.file.Boxes), maxRows)] {
			rows = append(rows, PlanRow{Range: Range{b.Offset, b.Size}, Path: b.Path(), Rule: "no hash over the whole file"})
		}
		if k.file.Parsed < k.c.Size {
			rows = append(rows, PlanRow{Range: Range{k.file.Parsed, k.c.Size - k.file.Parsed}, Rule: "no hash over the whole file"})
		}
	}
	var out []PlanRow
	next := 0 // of the leaves, which are in order as the rows are
	for _, r := range rows {
		for !r.Included && next < len(k.leaves) && k.leaves[next].Offset < r.End() && len(out) < maxRows {
			l := k.leaves[next]
			from, to := max(l.Offset, r.Offset), min(l.End(), r.End())
			if before := r; from > r.Offset {
				before.Length = from - r.Offset
				out = append(out, before)
			}
			if to > from {
				out = append(out, PlanRow{Range: Range{from, to - from}, Path: r.Path, Included: true, Digest: LeavesDigest})
				r.Range = Range{to, r.End() - to}
			}
			if l.End() > to {
				break
			}
			next++
		}
		if r.Length > 0 || r.Included {
			out = append(out, r)
		}
	}
	k.cut = k.cut || len(out) > maxRows
	k.b.Rows = out[:min(len(out), maxRows)]
	if k.cut {
		k.note(restUnlisted())
	}
}

// explainNodes shows the nodes of a row that was worked out from all leaves; nil: nobody asks.
func (k *bmffCheck) explainNodes(t *tree, where string) func(int64, []byte) {
	if !k.c.Explain {
		return nil
	}
	return func(i int64, sum []byte) {
		k.digest(fmt.Sprintf("node %d above the leaves of %s", i, where), t.alg, sum, t.row.at(i))
	}
}

// explainedLeaves are digests of leaves for those who ask. They come in any order and are told in that of their places.
type explainedLeaves []explainedLeaf

type explainedLeaf struct {
	at int64
	PlanDigest
}

// add keeps a digest. Nobody else may add one meanwhile.
func (l *explainedLeaves) add(k *bmffCheck, at int64, alg string, sum, want []byte, ok bool) {
	if k.c.Explain && at < maxRows {
		*l = append(*l, explainedLeaf{at, PlanDigest{Alg: alg, Computed: bytes.Clone(sum), Expected: bytes.Clone(want), OK: ok}})
	} else if k.c.Explain {
		k.cut = true
	}
}

func (l explainedLeaves) explain(k *bmffCheck, kind, of string) {
	slices.SortFunc(l, func(a, b explainedLeaf) int { return int(a.at - b.at) })
	for _, d := range l {
		d.Name = fmt.Sprintf("%s %d%s", kind, d.at, of)
		k.told(d.PlanDigest)
	}
}
