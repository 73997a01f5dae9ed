package consent

// Token is the content of a consent token. Its members are the issuer's words only where the signature was verified.
// A nil slice is a member that is not there. Consent format 1, 3.
type Token struct {
	Alg, Typ, Kid string // of the header

	Issuer        string // iss
	Subject       string // sub, scheme:id
	SubjectCommit string // sub_commit
	SubjectSalt   string // sub_salt, base64url
	Audience      []string
	ID            string // jti
	IssuedAt      *int64 // iat, seconds since 1970
	Expires       *int64 // exp
	NotBefore     *int64 // nbf
	Confirmation  *Confirmation
	Status        *StatusRef
	Consent       *Scope

	salt []byte // SubjectSalt, decoded; one that is not of 16 bytes commits to nobody
}

// Confirmation is `cnf`: the key that must have signed the claim.
type Confirmation struct {
	JKT     string
	X5T     string
	SPKI    []string
	Unknown []string // names of further members, none of which can match
}

// StatusRef says where the token's status stands. Consent format 1, 6.
type StatusRef struct {
	Index int64
	URI   string
}

// AssetRef names the content that a clearance is for.
type AssetRef struct{ Alg, Hash, Of string }

// Scope is the member `consent`: what is granted, cleared or refused. Consent format 1, 3.
type Scope struct {
	Type          string
	Modality      []string
	Operation     []string
	Purpose       []string
	Territory     []string // nil: *
	Channel       []string // nil: any
	Works         []string // nil: any
	Exclude       []string
	PermitContent []string
	Training      string // empty: deny
	SubjectStatus string
	Authority     string
	Custody       string
	Assurance     string
	// Licence, Compensation, Representation and UseDigest are reported; a policy may require them.
	Licence        *Licence
	Compensation   string
	Representation string
	UseDigest      string
	PostRevocation string // empty: survive
	MaxUses        *int64
	RequestID      string
	Asset          *AssetRef
	Regions        []string
	Chain          []string // delegations, root first
}

// Licence points at the contract behind a token.
type Licence struct{ URI, SHA256 string }

// ReadToken reads a token's form and members. It checks no key and no signature: nothing in it is to be believed.
// The error is a [*SyntaxError].
func ReadToken(raw string) (*Token, error) {
	c, err := parseCompact(raw, tokenForm)
	if err != nil {
		return nil, err
	}
	t, err := decodeToken(c.header, c.payload)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// decodeToken reads the members that the format knows. One of another type than the format says breaks the form;
// one that is not there does not, here.
func decodeToken(header, payload value) (*Token, *SyntaxError) {
	m := &members{path: "payload", of: payload}
	t := &Token{
		Alg: header.get("alg").text, Typ: header.get("typ").text, Kid: header.get("kid").text,
		Issuer: m.text("iss"), Subject: m.text("sub"), SubjectCommit: m.text("sub_commit"), SubjectSalt: m.text("sub_salt"),
		ID: m.text("jti"), IssuedAt: m.date("iat"), Expires: m.date("exp"), NotBefore: m.date("nbf"),
	}
	t.salt, _ = decodePart(t.SubjectSalt)
	if aud := payload.get("aud"); aud.kind == jsonString {
		t.Audience = []string{aud.text}
	} else {
		t.Audience = m.list("aud")
	}
	if c := m.object("cnf"); c != nil {
		t.Confirmation = &Confirmation{JKT: c.text("jkt"), X5T: c.text("x5t#S256"), SPKI: c.list("spki#S256")}
		for _, n := range c.of.names {
			// An empty digest is none of the signer's either.
			if n != "jkt" && n != "x5t#S256" && n != "spki#S256" || c.of.get(n).kind == jsonString && c.of.get(n).text == "" {
				t.Confirmation.Unknown = append(t.Confirmation.Unknown, n)
			}
		}
		m.take(c)
	}
	if s := m.object("status"); s != nil {
		if l := s.object("status_list"); l != nil {
			idx := l.integer("idx")
			if idx == nil || *idx < 0 {
				l.bad("idx", "not an index")
			} else {
				t.Status = &StatusRef{Index: *idx, URI: l.text("uri")}
			}
			if l.text("uri") == "" {
				l.bad("uri", "not a URI")
			}
			s.take(l)
		}
		m.take(s)
	}
	if c := m.object("consent"); c != nil {
		t.Consent = decodeScope(c)
		m.take(c)
	}
	if m.err != nil {
		return nil, m.err
	}
	return t, nil
}

func decodeScope(c *members) *Scope {
	s := &Scope{
		Type: c.text("type"), Modality: c.list("modality"), Operation: c.list("operation"), Purpose: c.list("purpose"),
		Territory: c.list("territory"), Channel: c.list("channel"), Works: c.list("works"), Exclude: c.list("exclude"),
		PermitContent: c.list("permit_content"), Training: c.text("training"), SubjectStatus: c.text("subject_status"),
		Authority: c.text("authority"), Custody: c.text("custody"), Assurance: c.text("assurance"),
		Compensation: c.text("compensation"), Representation: c.text("representation"), UseDigest: c.text("use_s256"),
		PostRevocation: c.text("post_revocation"), MaxUses: c.integer("max_uses"), RequestID: c.text("request_id"),
		Regions: c.list("regions"), Chain: c.list("chain"),
	}
	if l := c.object("licence"); l != nil {
		s.Licence = &Licence{URI: l.text("uri"), SHA256: l.text("s256")}
		c.take(l)
	}
	if a := c.object("asset"); a != nil {
		s.Asset = &AssetRef{Alg: a.text("alg"), Hash: a.text("hash"), Of: a.text("of")}
		c.take(a)
	}
	if r := c.of.get("request_id"); r.kind == jsonString && r.text == "" {
		c.bad("request_id", "empty")
	}
	return s
}
