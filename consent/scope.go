package consent

// dimension is one of the ways in which a token is limited.
type dimension struct {
	code    string // of the failure
	known   func(term string) bool
	within  func(term, top string) bool
	permits []string // of the token
	any     bool     // the token has no limit here
	uses    []string // declared and of the policy
}

// anything knows every term: channels and works have no vocabulary.
func anything(string) bool { return true }

// dimensions sets the token's limits beside the declared use and the policy's. Consent format 1, 3.
func (c *checker) dimensions(s *Scope) []dimension {
	var declared Generation
	if c.generation != nil {
		declared = *c.generation
	}
	both := func(a, b []string) []string { return append(append([]string(nil), a...), b...) }
	open := func(list []string, absentOpens bool) bool {
		return list == nil && absentOpens || contains(list, everything)
	}
	return []dimension{
		{"consent.scope.purpose", func(t string) bool { return purposes[t] }, under, s.Purpose, open(s.Purpose, false), both(declared.Purpose, c.use.Purpose)},
		{"consent.scope.territory", knownTerritory, territoryUnder, s.Territory, open(s.Territory, true), both(declared.Territory, c.use.Territory)},
		{"consent.scope.channel", anything, same, s.Channel, open(s.Channel, true), both(declared.Channel, c.use.Channel)},
		{"consent.scope.work", anything, same, s.Works, open(s.Works, true), both(declared.Works, c.use.Works)},
	}
}

// covers says whether every use is permitted. A permission whose terms are all unknown permits nothing, and so fails
// even where no use is declared.
func (d dimension) covers() bool {
	if d.any {
		return true
	}
	permitted := d.permits[:0:0]
	for _, p := range d.permits {
		if d.known(p) {
			permitted = append(permitted, p)
		}
	}
	if len(permitted) == 0 {
		return false
	}
	for _, use := range d.uses {
		if !covered(use, permitted, d.within) {
			return false
		}
	}
	return true
}

// unchecked says that the token is limited here and nobody says the use.
func (d dimension) unchecked() bool { return !d.any && len(d.uses) == 0 }

// meets says whether a refusal overlaps the use. What is not declared may be what was refused; what the refusal does
// not limit is refused whole.
func (d dimension) meets() bool {
	if d.any || len(d.permits) == 0 || len(d.uses) == 0 {
		return true
	}
	for _, use := range d.uses {
		for _, p := range d.permits {
			if use == everything || d.within(use, p) || d.within(p, use) {
				return true
			}
		}
	}
	return false
}

// measured is what a token's dimensions come to. All entries of an assertion share one use, so that this is found once
// a token, however many people name it.
type measured struct {
	failures  []string // of a grant
	unchecked bool
	meets     bool // a refusal overlaps the use
}

func (c *checker) measure(s *Scope) *measured {
	if m := c.measured[s]; m != nil {
		return m
	}
	m := &measured{meets: true}
	for _, d := range c.dimensions(s) {
		if !d.covers() {
			m.failures = append(m.failures, d.code)
		}
		m.unchecked = m.unchecked || d.unchecked()
		m.meets = m.meets && d.meets()
	}
	if c.measured == nil {
		c.measured = map[*Scope]*measured{}
	}
	c.measured[s] = m
	return m
}

func covered(use string, permitted []string, within func(term, top string) bool) bool {
	for _, p := range permitted {
		if within(use, p) {
			return true
		}
	}
	return false
}

// scopeFailures lists what the token does not cover. Consent format 1, 3 (modality to training).
func (c *checker) scopeFailures(t *Token, e *entry, alone bool) []string {
	var out []string
	s := t.Consent
	for _, m := range e.modality { // a work has none
		if !modalities[m] || !contains(s.Modality, m) {
			out = append(out, "consent.scope.modality")
			break
		}
	}
	if need := needs(e.work, e.kind, e.rendering, e.modality); need != nil && !overlap(need, s.Operation) {
		out = append(out, "consent.scope.operation")
	}
	out = append(out, c.measure(s).failures...)
	if c.generation != nil && excludes(s, c.generation.Content, alone) {
		out = append(out, "consent.scope.excludedContent")
	}
	if contains(c.use.Operation, "train") && (c.noTraining || s.Training != "allow" || !contains(s.Operation, "train")) {
		out = append(out, "consent.scope.training")
	}
	return out
}

// excludes says whether declared content stands under an excluded term. alone: the person signed, with a key of their
// own, and is an adult, so that intimate content may be permitted.
func excludes(s *Scope, declared []string, alone bool) bool {
	for _, content := range declared {
		if covered(content, s.Exclude, under) {
			return true
		}
		for _, term := range intimate {
			if !under(content, term) {
				continue
			}
			permitted := false
			for _, p := range s.PermitContent {
				permitted = permitted || alone && contents[p] && under(content, p)
			}
			if !permitted {
				return true
			}
		}
	}
	return false
}

// refuses says whether a refusal overlaps the declared use of this entry. A member that is absent, or empty, limits
// nothing: the reading that protects. Consent format 1, 3 (type).
func (c *checker) refuses(t *Token, e *entry) bool {
	s := t.Consent
	if !e.work && len(s.Modality) > 0 && !overlap(e.modality, s.Modality) {
		return false
	}
	need := needs(e.work, e.kind, e.rendering, e.modality)
	if e.kind == "synthetic" || e.kind == "fictional" {
		// Somebody who refuses is called invented: met as a standing order would be (section 7). That the entry names
		// them is matched before.
		need = []string{"generate"}
	}
	if need == nil {
		return false
	}
	if contains(c.use.Operation, "train") {
		need = append(need[:len(need):len(need)], "train")
	}
	if len(s.Operation) > 0 && !overlap(need, s.Operation) {
		return false
	}
	return c.measure(s).meets
}

func overlap(a, b []string) bool {
	for _, x := range a {
		if contains(b, x) {
			return true
		}
	}
	return false
}
