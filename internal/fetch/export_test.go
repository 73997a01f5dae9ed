package fetch

// MaxKept is for tests: they fill a Getter in place of fetching that much.
const MaxKept = maxKept

// Fill takes so much of the room for documents that are kept.
func (g *Getter) Fill(n int64) { g.size += n }
