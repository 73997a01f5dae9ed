package manifest

import (
	"context"
	"fmt"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/internal/hashplan"
	"github.com/consentry/consentry/report"
)

// cutBack tries whether boxes were put behind a fragment that differs: whether the boxes from first on, up to the end of
// one before last, are what its proof says. It gives where that ends; 0: nowhere. left is the work that is allowed.
func cutBack(ctx context.Context, c *Content, m *matcher, t *tree, p *proofMap, first, last int, end int64, left *int64) (int64, error) {
	boxes, tries := m.file.Boxes, 0
	for j := last; j > first+1 && tries < maxCausePlaces; j-- {
		stop := boxes[j-1].End()
		if stop >= end {
			continue
		}
		tries++
		if *left -= stop - boxes[first].Offset; *left < 0 {
			return 0, nil
		}
		var plan hashplan.Plan
		if err := m.plan(first, j, stop, true, &plan, nil); err != nil {
			return 0, err
		}
		sum, err := plan.Sum(ctx, c.Data, c.Size, t.newHash())
		if err != nil {
			return 0, err
		}
		if t.check(sum, *p.Location, &p.Hashes) == nil {
			return stop, nil
		}
	}
	return 0, nil
}

// fragmentCause looks for what explains that one fragment of a file differs.
func (k *bmffCheck) fragmentCause(l *fragments, i int) error {
	first, last, end := l.span(i)
	p, at, _, err := k.proofBefore(k.file, first)
	if err != nil || p == nil {
		return err
	}
	defer p.done()
	if at < 0 {
		return nil
	}
	left := int64(maxCauseBytes)
	stop, err := cutBack(k.ctx, k.c, k.matcher, k.tree[at], p, first, last, end, &left)
	if left < 0 {
		k.b.notEveryCause()
	}
	if err != nil || stop == 0 {
		return err
	}
	cause := &report.Cause{Kind: CauseInserted, Where: fmt.Sprintf("behind fragment %d", i), Offset: stop, Length: end - stop}
	cause.Explanation = fmt.Sprintf("%s inserted at offset %d, behind fragment %d: without that it is what was signed", bytesWere(end-stop), stop, i)
	if end == k.c.Size {
		cause.Kind = CauseAppended
		cause.Explanation = fmt.Sprintf("%s appended: the file up to byte %d is what was signed", bytesWere(end-stop), stop)
	}
	k.b.Cause, k.b.Damage = cause, nil
	k.damage(cause.Where, stop, end-stop)
	return nil
}

// partCause adds to what is said of a fragment's file that differs what explains it.
func (s *setCheck) partCause(r *setPart, p Part, f *bmff.File, t *tree, proof *proofMap) error {
	s.mu.Lock()
	left := min(s.tries, (maxCausePlaces+1)*p.Size) // no more than this is hashed
	s.tries -= left
	s.mu.Unlock()
	had := left
	stop, err := cutBack(s.ctx, &Content{Data: p.Data, Size: p.Size}, newMatcher(f, s.m.Exclusions), t, proof, 0, len(f.Boxes), p.Size, &left)
	if stop > 0 {
		r.why += fmt.Sprintf(": %s appended, the file up to byte %d is what was signed", bytesWere(p.Size-stop), stop)
	}
	s.mu.Lock()
	s.tries += max(0, min(left, had))
	s.mu.Unlock()
	return err
}
