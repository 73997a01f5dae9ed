package consent

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

// openSubject is a subject whose scheme and id are known.
type openSubject struct{ scheme, id string }

// String returns the form that `sub` and the trust list's ids have.
func (s openSubject) String() string { return s.scheme + ":" + s.id }

// weak says that the scheme identifies nobody: two people may bear one name. Consent format 1, 2.
func (s openSubject) weak() bool { return s.scheme == "name" }

// parseSubject splits scheme:id. The id may hold further colons.
func parseSubject(text string) (openSubject, bool) {
	scheme, id, _ := strings.Cut(text, ":")
	return openSubject{scheme, id}, scheme != "" && id != ""
}

// saltSize is the length of a commitment's salt in bytes. Consent format 1, 2.
const saltSize = 16

// Commit returns the commitment to a subject: base64url of SHA-256 over the format's own prefix, the salt, the scheme
// and the id. It returns "" if the salt is not of 16 bytes. Consent format 1, 2.
func Commit(salt []byte, scheme, id string) string {
	if len(salt) != saltSize {
		return ""
	}
	h := sha256.New()
	h.Write([]byte("consentry/subject/1\x00"))
	h.Write(salt)
	h.Write([]byte(scheme))
	h.Write([]byte{0})
	h.Write([]byte(id))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// commits says whether a commitment is to this subject.
func commits(commitment string, salt []byte, s openSubject) bool {
	c := Commit(salt, s.scheme, s.id)
	return c != "" && subtle.ConstantTimeCompare([]byte(c), []byte(commitment)) == 1
}

// matchSubject holds a token's subject against an entry's. opened is the subject where the two together show it.
// Consent format 1, 3.2.
func (t *Token) matchSubject(want *Subject) (opened *openSubject, ok bool) {
	if want == nil || !t.subjectAgrees() {
		return nil, false
	}
	own, named := parseSubject(t.Subject)
	if want.Commit != "" {
		if named && commits(want.Commit, t.salt, own) {
			return &own, true
		}
		return nil, t.SubjectCommit == want.Commit
	}
	if want.Scheme == "" || want.ID == "" {
		return nil, false
	}
	theirs := openSubject{want.Scheme, want.ID}
	if own == theirs || commits(t.SubjectCommit, t.salt, theirs) {
		return &theirs, true
	}
	return nil, false
}

// subjectAgrees says that a token that names its subject twice names one: otherwise it would stand for two people,
// one by name and one by commitment.
func (t *Token) subjectAgrees() bool {
	if t.Subject == "" || t.SubjectCommit == "" {
		return true
	}
	own, ok := parseSubject(t.Subject)
	return ok && commits(t.SubjectCommit, t.salt, own)
}
