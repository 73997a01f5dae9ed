package persons

import (
	"cmp"
	"math"
	"slices"

	"github.com/consentry/consentry/report"
)

// sum makes the template of a track, and says whether it drifts: its first and its last third show different faces.
func (r *linked) sum() {
	var all, first, last []*Template
	for _, v := range r.views {
		all = append(all, &v.template)
		switch v.third {
		case 0:
			first = append(first, &v.template)
		case 2:
			last = append(last, &v.template)
		}
	}
	if len(all) == 0 {
		return
	}
	r.template = mean(all)
	if len(first) > 0 && len(last) > 0 {
		a, b := mean(first), mean(last)
		r.drifts = a.Distance(b) > differentAt
		a.Forget()
		b.Forget()
	}
}

// compare says what the distances of the tracks tell.
func (l *Linker) compare(out *report.Links, rows []*linked) {
	far := make([][]float64, len(rows))
	for i, a := range rows {
		far[i] = make([]float64, len(rows))
		for k, b := range rows[:i] {
			d := a.template.Distance(b.template)
			if a.of == b.of && a.track.meets(b.track) {
				d = never
			}
			far[i][k], far[k][i] = d, d
		}
	}
	l.different(out, rows)
	for _, r := range rows {
		if r.drifts {
			out.IdentityDrift = append(out.IdentityDrift, r.id)
		}
	}
	for i, r := range rows {
		if r.person != nil || !r.track.confirmed {
			continue
		}
		best := -1
		for k, o := range rows {
			if o.person != nil && far[i][k] <= alikeAt && (best < 0 || far[i][k] < far[i][best]) {
				best = k
			}
		}
		if best >= 0 {
			out.AlikeCovered = append(out.AlikeCovered, report.AlikeCovered{Track: r.id, Alike: rows[best].id, Person: *rows[best].person})
		}
	}
	strict, loose := clusters(copied(far), alikeAt), clusters(far, differentAt)
	out.Alike = groupsOf(rows, strict)
	l.count(out, rows, strict, loose)
}

// different finds the entries for one person whose tracks show faces that are not alike: a track that drifts is two.
func (l *Linker) different(out *report.Links, rows []*linked) {
	of := map[string][]*linked{}
	var names []string
	for _, r := range rows {
		if r.person == nil || l.groups[*r.person] {
			continue
		}
		if of[*r.person] == nil {
			names = append(names, *r.person)
		}
		of[*r.person] = append(of[*r.person], r)
	}
	for _, name := range names {
		apart := map[int]bool{}
		for i, a := range of[name] {
			if a.drifts {
				apart[a.id] = true
			}
			for _, b := range of[name][:i] {
				if a.template.Distance(b.template) > differentAt {
					apart[a.id], apart[b.id] = true, true
				}
			}
		}
		if len(apart) == 0 {
			continue
		}
		d := report.DifferentFaces{Person: name}
		for _, r := range of[name] {
			if apart[r.id] {
				d.Tracks = append(d.Tracks, r.id)
			}
		}
		out.TokenCoversDifferentFaces = append(out.TokenCoversDifferentFaces, d)
	}
}

// groupsOf are the tracks of the clusters that have several.
func groupsOf(rows []*linked, of []int) [][]int {
	groups := map[int][]int{}
	for i, c := range of {
		groups[c] = append(groups[c], rows[i].id)
	}
	out := [][]int{}
	for _, g := range groups {
		if len(g) > 1 {
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(a, b []int) int { return cmp.Compare(a[0], b[0]) })
	return out
}

// count is the range of people. Who cannot be compared may be somebody new or one of the others, and what may be no face
// counts for the upper end only. A track that drifts may be of two. Where nothing was compared there is no range: it would
// say "nobody" where no face was found.
func (l *Linker) count(out *report.Links, rows []*linked, strict, loose []int) {
	if len(rows) == 0 {
		return
	}
	low := map[int]bool{}
	for i, r := range rows {
		if r.track.confirmed {
			low[loose[i]] = true
		}
	}
	least := max(len(low), l.atOnce())
	most := distinct(strict) + len(out.NotCompared) + len(out.IdentityDrift) + l.left
	most = max(most, least)
	out.PersonsMin, out.PersonsMax = &least, &most
}

// atOnce is the most confirmed tracks that share a frame of one video track: they are as many people.
func (l *Linker) atOnce() int {
	type edge struct {
		of    *Seen
		frame int32
		by    int
	}
	var edges []edge
	for _, r := range l.rows {
		if r.track.confirmed {
			edges = append(edges, edge{r.of, r.track.sights[0].frame, 1}, edge{r.of, r.track.last().frame + 1, -1})
		}
	}
	slices.SortStableFunc(edges, func(a, b edge) int {
		return cmp.Or(cmp.Compare(a.frame, b.frame), cmp.Compare(a.by, b.by))
	})
	now, most := map[*Seen]int{}, 0
	for _, e := range edges {
		now[e.of] += e.by
		most = max(most, now[e.of])
	}
	return min(most, math.MaxInt32)
}
