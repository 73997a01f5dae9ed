package consent

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/report"
)

// row is a token, the file that it stands in, and what it must be worth there.
type row struct {
	name    string
	token   object
	raw     string                         // in place of token, as it is
	of      string                         // whose token: the entry is set up for that role
	file    func(w *world)                 // changes to the file; nil: none
	trust   func(list *TrustList)          // changes to the trust list; nil: none
	want    string                         // a failure at generation; empty: it holds
	now     string                         // a failure now; empty: as at generation
	level   string                         // at generation, where it holds; empty: E4
	binding string                         // empty: not asked
	info    string                         // a finding that must be there
	check   func(*testing.T, *tokenResult) // more, if any
}

func days(n int) int64 { return int64(n) * day }

func at(d time.Duration) int64 { return made.Add(d).Unix() }

// TestRows walks the rows of both tables of section 3, and the roles of section 4, one good token and its named
// corruptions each.
//
// One table, hence its length.
func TestRows(t *testing.T) {
	lapsed := func(w *world) { w.c.t = Time{At: made, Kind: "T1"} }
	rows := []row{
		{name: "a grant by the person", token: aGrant(), binding: "B2", info: "consent.token.valid", check: has("consent.issuer.trusted")},
		// iss and kid
		{name: "key's window begins at iat", token: aGrant(), trust: key("performer", func(k *IssuerKey) { k.NotBefore = new64(at(-24 * time.Hour)) })},
		{name: "key's window begins after iat", token: aGrant(), trust: key("performer", func(k *IssuerKey) { k.NotBefore = new64(at(-24*time.Hour) + 1) }), want: "consent.token.keyUnknown"},
		{name: "key's window ends at iat", token: aGrant(), trust: key("performer", func(k *IssuerKey) { k.Expires = new64(at(-24 * time.Hour)) }), want: "consent.token.keyUnknown"},
		{name: "key's window ends after iat", token: aGrant(), trust: key("performer", func(k *IssuerKey) { k.Expires = new64(at(-24*time.Hour) + 1) })},
		{name: "key for status lists only", token: aGrant(), trust: key("performer", func(k *IssuerKey) { k.Use = []string{"status"} }), want: "consent.token.keyUnknown"},
		{name: "key revoked before iat", token: aGrant(), trust: key("performer", func(k *IssuerKey) { k.RevokedAt = new64(at(-48 * time.Hour)) }), want: "consent.issuer.keyRevoked"},
		{name: "key revoked after the time-stamp", token: aGrant(), trust: key("performer", func(k *IssuerKey) { k.RevokedAt = new64(at(time.Hour)) })},
		{name: "key revoked at the time-stamp", token: aGrant(), trust: key("performer", func(k *IssuerKey) { k.RevokedAt = new64(at(0)) }), want: "consent.issuer.keyRevoked"},
		{name: "key revoked between iat and the time-stamp", token: aGrant(), trust: key("performer", func(k *IssuerKey) { k.RevokedAt = new64(at(-time.Hour)) }), want: "consent.issuer.keyRevoked"},
		{name: "key revoked after a time that is only claimed", token: aGrant(), file: lapsed, trust: key("performer", func(k *IssuerKey) { k.RevokedAt = new64(at(time.Hour)) }), want: "consent.issuer.keyRevoked"},
		{name: "key revoked after the time-stamp, of a token without iat", token: aGrant().set("iat", nil), trust: key("performer", func(k *IssuerKey) { k.RevokedAt = new64(at(time.Hour)) }), want: "consent.issuer.keyRevoked"},
		{name: "nobody is trusted", token: aGrant(), file: func(w *world) { w.c.trust = nil }, want: "consent.issuer.untrusted"},
		// sub
		{name: "sub missing", token: aGrant().set("sub", nil), want: "consent.token.missingClaim"},
		{name: "token for another person", token: aGrant().set("sub", "hand:10.23/P-9"), trust: listed("performer", "hand:10.23/P-9"), want: "consent.token.subjectMismatch", check: lacks("consent.token.valid")},
		{name: "issuer not authorised for the subject", token: aGrant(), trust: func(l *TrustList) { l.Entry(issuerURI("performer")).ids = nil }, want: "consent.issuer.notAuthorizedForSubject"},
		{name: "entry without subject", token: aGrant(), file: func(w *world) { w.e.subject = nil }, want: "consent.token.subjectMismatch"},
		{name: "subjects of mode any cap", token: aGrant(), trust: func(l *TrustList) { l.Entry(issuerURI("performer")).Mode = "any" }, level: "E3"},
		{name: "a commitment to the entry's subject, which the agency's roster opens", of: "agency", token: by("agency").set("sub", nil).set("sub_commit", Commit([]byte("0123456789abcdef"), "hand", "10.23/P-1")).set("sub_salt", b64("0123456789abcdef"))},
		{name: "nobody names the token", token: aGrant(), file: func(w *world) { w.e = nil }, check: lacks("consent.token.valid")},
		{name: "a name alone is weak", token: aGrant().set("sub", "name:Pat Doe"), file: func(w *world) { w.e.subject = &Subject{Scheme: "name", ID: "Pat Doe"} }, level: "E2"},
		// aud
		{name: "aud missing in a grant", token: aGrant().set("aud", nil), want: "consent.token.missingClaim"},
		{name: "aud a string", token: aGrant().set("aud", generator)},
		{name: "aud empty", token: aGrant().set("aud", []string{}), want: "consent.token.audienceMismatch"},
		{name: "replayed onto another provider's file", token: aGrant().set("aud", []string{"https://other.test"}), want: "consent.token.audienceMismatch"},
		{name: "aud right, signer in no provider entry", token: aGrant(), file: func(w *world) { w.c.signer.SPKI = "b3RoZXI" }, want: "consent.token.audienceMismatch"},
		{name: "aud names an entry that is no provider, though its signers match", token: aGrant().set("aud", []string{issuerURI("studio")}), trust: func(l *TrustList) {
			l.Entry(issuerURI("studio")).Signers = []SignerMatch{{SPKI: signerSPKI}}
		}, want: "consent.token.audienceMismatch"},
		{name: "aud * and no cnf binds to nothing", token: aGrant().set("aud", []string{"*"}).set("cnf", nil), level: "E3", binding: "B0", check: lacks("consent.binding.provider")},
		{name: "aud * caps", token: aGrant().set("aud", []string{"*"}), level: "E3", binding: "B2"},
		// jti
		{name: "jti missing", token: aGrant().set("jti", nil), want: "consent.token.malformed"},
		// dates
		{name: "iat missing", token: aGrant().set("iat", nil), want: "consent.token.missingClaim"},
		{name: "exp missing", token: aGrant().set("exp", nil), want: "consent.token.missingClaim"},
		{name: "iat 300 s ahead", token: aGrant().set("iat", today.Unix()+skew), info: "consent.token.retroactive"},
		{name: "iat 301 s ahead", token: aGrant().set("iat", today.Unix()+skew+1), want: "consent.token.notYetValid"},
		{name: "iat at generation", token: aGrant().set("iat", at(0)), check: lacks("consent.token.retroactive")},
		{name: "expired at generation", token: aGrant().set("exp", at(-time.Second)), want: "consent.token.expired"},
		{name: "exp at generation: expired since", token: aGrant().set("exp", at(0)), now: "consent.token.expired", info: "consent.token.expiredSince", check: has("consent.token.valid")},
		{name: "nbf after generation", token: aGrant().set("nbf", at(time.Second)), want: "consent.token.notYetValid", now: "-", info: "consent.token.valid"},
		{name: "nbf at generation", token: aGrant().set("nbf", at(0)), check: lacks("consent.token.notYetValid")},
		{name: "content from the future: nbf between now and then", token: aGrant().set("nbf", today.Unix()+1), file: func(w *world) { w.c.t.At = today.Add(time.Minute) }, now: "consent.token.notYetValid"},
		{name: "ten years", token: aGrant().set("exp", at(-24*time.Hour)+maxLife)},
		{name: "ten years and a second", token: aGrant().set("exp", at(-24*time.Hour)+maxLife+1), want: "consent.token.lifetimeExceeded"},
		{name: "ten years from nbf", token: aGrant().set("nbf", at(-time.Hour)).set("exp", at(-time.Hour)+maxLife)},
		{name: "longer than max_lifetime", token: aGrant(), trust: func(l *TrustList) { l.Entry(issuerURI("performer")).MaxLifetime = new64(days(365)) }, want: "consent.token.lifetimeExceeded"},
		{name: "five years for a minor", token: by("guardian").set("exp", at(-24*time.Hour)+maxMinor), of: "guardian"},
		{name: "five years and a second for a minor", token: by("guardian").set("exp", at(-24*time.Hour)+maxMinor+1), of: "guardian", want: "consent.token.lifetimeExceeded"},
		// cnf
		{name: "no cnf", token: aGrant().set("cnf", nil), binding: "B1", level: "E3"},
		{name: "cnf x5t", token: aGrant().set("cnf", object{"x5t#S256": signerX5T}), binding: "B2"},
		{name: "cnf spki", token: aGrant().set("cnf", object{"spki#S256": []string{"AA", signerSPKI}}), binding: "B2"},
		{name: "cnf of another signer", token: aGrant().set("cnf", object{"jkt": "AA"}), want: "consent.binding.signerMismatch"},
		{name: "cnf right and wrong", token: aGrant().set("cnf", object{"jkt": signerJKT, "x5t#S256": "AA"}), want: "consent.binding.signerMismatch"},
		{name: "cnf of another key by its SPKI", token: aGrant().set("cnf", object{"spki#S256": []string{"AA"}}), want: "consent.binding.signerMismatch"},
		{name: "cnf right, and another key by its SPKI", token: aGrant().set("cnf", object{"jkt": signerJKT, "spki#S256": []string{"AA"}}), want: "consent.binding.signerMismatch"},
		{name: "cnf right, and no key by its SPKI", token: aGrant().set("cnf", object{"jkt": signerJKT, "spki#S256": []string{}}), want: "consent.binding.signerMismatch"},
		{name: "cnf with an empty SPKI, and no digest known", token: aGrant().set("cnf", object{"jkt": signerJKT, "spki#S256": []string{""}}), file: func(w *world) { w.c.signer.SPKI = "" }, want: "consent.binding.signerMismatch"},
		{name: "cnf right and unknown", token: aGrant().set("cnf", object{"jkt": signerJKT, "kid": "x"}), want: "consent.binding.signerMismatch"},
		{name: "cnf right and an empty digest", token: aGrant().set("cnf", object{"jkt": signerJKT, "x5t#S256": ""}), want: "consent.binding.signerMismatch"},
		{name: "cnf empty", token: aGrant().set("cnf", object{}), want: "consent.binding.signerMismatch"},
		{name: "cnf without a signer", token: aGrant(), file: func(w *world) { w.c.signer = nil }, want: "consent.binding.signerMismatch"},
		{name: "cnf empty text and no digest known", token: aGrant().set("cnf", object{"jkt": ""}), file: func(w *world) { w.c.signer.JKT = "" }, want: "consent.binding.signerMismatch"},
		// status
		{name: "a status of another kind is none", token: aGrant().set("status", object{"other": object{}}), want: "consent.token.missingClaim"},
		{name: "seven days need no status", token: aGrant().set("status", nil).set("exp", at(-24*time.Hour)+days(7)), now: "consent.token.expired"},
		{name: "seven days and a second need one", token: aGrant().set("status", nil).set("exp", at(-24*time.Hour)+days(7)+1), want: "consent.token.missingClaim"},
		// consent
		{name: "consent missing", token: aGrant().set("consent", nil), want: "consent.token.missingClaim", check: func(t *testing.T, r *tokenResult) {
			if r.atGeneration.level != "E2" || r.atNow.level != "E2" {
				t.Errorf("level %q, now %q", r.atGeneration.level, r.atNow.level)
			}
		}},
		{name: "type missing", token: aGrant().set("consent.type", nil), want: "consent.token.missingClaim", check: lacks("consent.token.malformed")},
		{name: "type missing from one who may not grant", token: by("guild").set("consent.type", nil), want: "consent.token.missingClaim", check: lacks("consent.issuer.roleNotPermitted")},
		{name: "type unknown", token: aGrant().set("consent.type", "wish"), want: "consent.token.malformed"},
		{name: "authority missing", token: aGrant().set("consent.authority", nil), want: "consent.token.missingClaim", check: lacks("consent.issuer.roleNotPermitted")},
		{name: "custody missing", token: aGrant().set("consent.custody", nil), want: "consent.token.missingClaim"},
		{name: "subject_status missing", token: aGrant().set("consent.subject_status", nil), want: "consent.token.missingClaim"},
		{name: "subject_status unknown", token: aGrant().set("consent.subject_status", "grown"), want: "consent.token.malformed"},
		{name: "modality missing", token: aGrant().set("consent.modality", nil), want: "consent.scope.modality"},
		{name: "wrong modality", token: aGrant().set("consent.modality", []string{"face"}), want: "consent.scope.modality"},
		{name: "operation missing", token: aGrant().set("consent.operation", nil), want: "consent.scope.operation"},
		{name: "wrong operation", token: aGrant().set("consent.operation", []string{"alter", "dub"}), want: "consent.scope.operation"},
		{name: "purpose missing", token: aGrant().set("consent.purpose", nil), want: "consent.scope.purpose"},
		{name: "purpose missing and none declared", token: aGrant().set("consent.purpose", nil), file: func(w *world) { w.c.generation.Purpose = nil }, want: "consent.scope.purpose"},
		{name: "purpose *", token: aGrant().set("consent.purpose", []string{"*"})},
		{name: "purpose under the declared one", token: aGrant().set("consent.purpose", []string{"entertainment.music"}), want: "consent.scope.purpose"},
		{name: "purpose a prefix without a dot", token: aGrant().set("consent.purpose", []string{"entertain"}), want: "consent.scope.purpose"},
		{name: "purpose unknown though declared", token: aGrant().set("consent.purpose", []string{"x.new"}), file: func(w *world) { w.c.generation.Purpose = []string{"x.new"} }, want: "consent.scope.purpose"},
		{name: "purpose of the policy", token: aGrant(), file: func(w *world) { w.c.use.Purpose = []string{"commercial"} }, want: "consent.scope.purpose"},
		{name: "wrong territory", token: aGrant(), file: func(w *world) { w.c.generation.Territory = []string{"JP"} }, want: "consent.scope.territory"},
		{name: "a part of a country", token: aGrant(), file: func(w *world) { w.c.generation.Territory = []string{"US-CA", "DE-BY", "FR"} }},
		{name: "the whole country of a part", token: aGrant().set("consent.territory", []string{"US-CA"}), want: "consent.scope.territory"},
		{name: "the world", token: aGrant(), file: func(w *world) { w.c.generation.Territory = []string{"*"} }, want: "consent.scope.territory"},
		{name: "no longer in the union", token: aGrant(), file: func(w *world) { w.c.generation.Territory = []string{"GB"} }, want: "consent.scope.territory"},
		{name: "territory absent is everywhere", token: aGrant().set("consent.territory", nil), file: func(w *world) { w.c.generation.Territory = []string{"JP", "*"} }},
		{name: "territory empty is nowhere", token: aGrant().set("consent.territory", []string{}), want: "consent.scope.territory"},
		{name: "territory in lower case", token: aGrant().set("consent.territory", []string{"us"}), want: "consent.scope.territory"},
		{name: "channel listed", token: aGrant().set("consent.channel", []string{"tv"}), file: func(w *world) { w.c.generation.Channel = []string{"tv"} }},
		{name: "channel not listed", token: aGrant().set("consent.channel", []string{"tv"}), file: func(w *world) { w.c.generation.Channel = []string{"tv", "web"} }, want: "consent.scope.channel"},
		{name: "work not listed", token: aGrant().set("consent.works", []string{"a"}), file: func(w *world) { w.c.generation.Works = []string{"b"} }, want: "consent.scope.work"},
		{name: "use undeclared caps", token: aGrant().set("consent.channel", []string{"tv"}), level: "E3", info: "consent.use.undeclared"},
		{name: "use said by the policy", token: aGrant().set("consent.channel", []string{"tv"}), file: func(w *world) { w.c.use.Channel = []string{"tv"} }, check: lacks("consent.use.undeclared")},
		{name: "excluded content", token: aGrant().set("consent.exclude", []string{"violence"}), file: content("violence.graphic"), want: "consent.scope.excludedContent"},
		{name: "excluded by a word of its own", token: aGrant().set("consent.exclude", []string{"clowns"}), file: content("clowns"), want: "consent.scope.excludedContent"},
		{name: "intimate content", token: aGrant(), file: content("nudity"), want: "consent.scope.excludedContent"},
		{name: "intimate content that the person permits", token: aGrant().set("consent.permit_content", []string{"nudity"}), file: content("nudity")},
		{name: "another intimate content", token: aGrant().set("consent.permit_content", []string{"nudity"}), file: content("sexual"), want: "consent.scope.excludedContent"},
		{name: "intimate content with a managed key", token: aGrant().set("consent.permit_content", []string{"nudity"}).set("consent.custody", "managed"), file: content("nudity"), want: "consent.scope.excludedContent"},
		{name: "intimate content, age undisclosed", token: aGrant().set("consent.permit_content", []string{"nudity"}).set("consent.subject_status", "undisclosed"), file: content("nudity"), want: "consent.scope.excludedContent"},
		{name: "intimate content permitted by a guardian", token: by("guardian").set("consent.permit_content", []string{"nudity"}), of: "guardian", file: content("nudity"), want: "consent.scope.excludedContent"},
		{name: "intimate content of a minor, permitted by an adult's token", token: aGrant().set("consent.permit_content", []string{"nudity"}), file: func(w *world) { w.c.generation.Content, w.e.minor = []string{"nudity"}, true }, want: "consent.scope.excludedContent"},
		{name: "intimate content of the dead", token: aGrant().set("consent.permit_content", []string{"nudity"}), file: func(w *world) { w.c.generation.Content, w.e.kind = []string{"nudity"}, "deceased" }, want: "consent.scope.excludedContent"},
		{name: "intimate content permitted by somebody without a role", token: aGrant().set("consent.permit_content", []string{"nudity"}), file: content("nudity"), trust: func(l *TrustList) { l.Entry(issuerURI("performer")).Roles = []string{"provider"} }, want: "consent.scope.excludedContent"},
		{name: "permitted and excluded", token: aGrant().set("consent.permit_content", []string{"nudity"}).set("consent.exclude", []string{"nudity"}), file: content("nudity"), want: "consent.scope.excludedContent"},
		{name: "training not asked", token: aGrant()},
		{name: "training denied", token: aGrant().set("consent.operation", []string{"generate", "train"}), file: train, want: "consent.scope.training"},
		{name: "training constrained", token: aGrant().set("consent.operation", []string{"generate", "train"}).set("consent.training", "constrained"), file: train, want: "consent.scope.training"},
		{name: "training allowed", token: aGrant().set("consent.operation", []string{"generate", "train"}).set("consent.training", "allow"), file: train},
		// subject_status, authority, custody
		{name: "minor with an adult's token", token: aGrant(), file: func(w *world) { w.e.minor = true }, want: "consent.subject.minor"},
		{name: "minor who signs", token: aGrant().set("consent.subject_status", "minor"), want: "consent.subject.guardianMissing", check: lacks("consent.subject.minor")},
		{name: "guardian for an adult", token: by("guardian").set("consent.subject_status", "adult"), of: "guardian", want: "consent.issuer.roleNotPermitted"},
		{name: "guardian where only the file says minor", token: by("guardian").set("consent.subject_status", "adult"), of: "guardian", file: func(w *world) { w.e.minor = true }},
		{name: "dead without estate", token: aGrant().set("consent.operation", []string{"reanimate"}), file: func(w *world) { w.e.kind = "deceased" }, want: "consent.subject.estateMissing"},
		{name: "dead by the token's word", token: aGrant().set("consent.subject_status", "deceased"), want: "consent.subject.estateMissing"},
		{name: "estate for the living", token: by("estate").set("consent.subject_status", "adult"), of: "estate", file: func(w *world) { w.e.kind = "real" }, want: "consent.issuer.roleNotPermitted"},
		{name: "authority of another role", token: aGrant().set("consent.authority", "agency"), want: "consent.issuer.roleNotPermitted"},
		{name: "managed key caps", token: aGrant().set("consent.custody", "managed"), level: "E3", info: "consent.issuer.managedCustody"},
		{name: "unknown custody caps", token: aGrant().set("consent.custody", "escrow"), level: "E3"},
		{name: "the policy requires a licence", token: aGrant(), file: func(w *world) { w.c.require = []string{"licence"} }, level: "E2", info: "consent.token.missingClaim"},
		{name: "the policy requires a licence, and it is there", token: aGrant().set("consent.licence", object{"uri": "x"}), file: func(w *world) { w.c.require = []string{"licence"} }},
		{name: "uses cannot be counted", token: aGrant().set("consent.max_uses", 1), info: "consent.use.uncounted"},
		// refusals
		{name: "a refusal permits nothing", token: refusal(), level: "E0", info: "consent.token.refusal", check: lacks("consent.token.valid")},
		{name: "a refusal needs no licence", token: refusal(), file: func(w *world) { w.c.require = []string{"licence"} }, level: "E0", check: lacks("consent.token.missingClaim")},
		{name: "a refusal that says more than the declaration", token: refusal().set("consent.channel", []string{"tv"}), level: "E0", check: lacks("consent.use.undeclared")},
		{name: "a refusal that ended since", token: refusal().set("exp", at(0)), now: "consent.token.expired", level: "E0", info: "consent.token.refusal"},
		{name: "a refusal that began since", token: refusal().set("nbf", at(1*time.Second)), want: "consent.token.notYetValid", now: "-", info: "consent.token.refusal"},
		// request_id, asset, regions
		{name: "request_id right", token: aGrant().set("consent.request_id", "r-1"), binding: "B3", info: "consent.binding.generation"},
		{name: "request_id of another generation", token: aGrant().set("consent.request_id", "r-2"), want: "consent.binding.assetMismatch"},
		{name: "request_id right, and bound to no signer", token: aGrant().set("aud", []string{"*"}).set("cnf", nil).set("consent.request_id", "r-1"), level: "E3", binding: "B0", check: lacks("consent.binding.generation")},
		{name: "request_id and a generation without one", token: aGrant().set("consent.request_id", "r-1"), file: func(w *world) { w.c.generation.RequestID = "" }, want: "consent.binding.assetMismatch", check: says("the declaration names no request")},
		{name: "request_id and none declared", token: aGrant().set("consent.request_id", "r-1"), file: func(w *world) { w.c.generation = nil }, want: "consent.binding.assetMismatch"},
		{name: "clearance for this content", token: clearance(), binding: "B4", level: "E5", info: "consent.binding.asset"},
		{name: "clearance needs no aud", token: clearance().set("aud", nil), binding: "B4", level: "E5"},
		{name: "clearance without asset", token: clearance().set("consent.asset", nil), want: "consent.binding.missing"},
		{name: "clearance moved to another file", token: clearance(), file: func(w *world) { w.c.hardBinding.SHA256 = "AA" }, want: "consent.binding.assetMismatch"},
		{name: "clearance for another kind of binding", token: clearance(), file: func(w *world) { w.c.hardBinding.Label = "c2pa.hash.data" }, want: "consent.binding.missing"},
		{name: "clearance with another digest", token: clearance().set("consent.asset.alg", "sha512"), want: "consent.binding.assetMismatch"},
		{name: "clearance for the whole file", token: clearance().set("consent.asset.of", "file"), file: func(w *world) { w.c.assetSHA256 = digest }, binding: "B4", level: "E5"},
		{name: "clearance for another whole file", token: clearance().set("consent.asset.of", "file"), file: func(w *world) { w.c.assetSHA256 = "AA" }, want: "consent.binding.assetMismatch"},
		{name: "regions of the person", token: clearance().set("consent.regions", []string{"r1", "r2"}), file: regions("r1"), binding: "B5", level: "E5", info: "consent.binding.region"},
		{name: "a region left out", token: clearance().set("consent.regions", []string{"r1"}), file: regions("r1", "r2"), want: "consent.binding.regionMismatch", binding: "B4", check: lacks("consent.binding.region")},
		{name: "regions, and nobody names the token", token: clearance().set("consent.regions", []string{"r1"}), file: func(w *world) { w.e = nil }, binding: "B4", level: "E5"},
		{name: "no regions, for an entry that has some", token: clearance(), file: regions("r1"), binding: "B4", level: "E5"},
		{name: "a region without identifier", token: clearance().set("consent.regions", []string{"r1"}), file: regions("r1", ""), want: "consent.binding.regionMismatch"},
		{name: "a grant that names this content is no clearance", token: clearance().set("consent.type", "grant"), binding: "B2"},
		{name: "a grant that names other content", token: aGrant().set("consent.asset", object{"alg": "sha256", "hash": "AA", "of": "c2pa.hash.bmff.v3"}), want: "consent.binding.assetMismatch"},
		// time
		{name: "a claimed time caps", token: clearance(), file: lapsed, binding: "B4", level: "E3"},
		{name: "no time: now counts", token: aGrant().set("exp", at(time.Hour)), file: func(w *world) { w.c.t = Time{Kind: "T0"} }, want: "consent.token.expired"},
	}
	runRows(t, rows)
}

// TestRoles walks the table of roles. Consent format 1, 4.
func TestRoles(t *testing.T) {
	var rows []row
	for _, i := range issuers {
		r := roles[i.role]
		level := map[string]string{"platform": "E3"}[i.name]
		for _, kind := range []string{"grant", "clearance", "refusal"} {
			c := row{name: i.name + " signs a " + kind, of: i.name, token: by(i.name).set("consent.type", kind), level: level}
			if kind == "clearance" {
				c.token = c.token.set("consent.asset", clearance()["consent"].(object)["asset"])
				if i.name == "performer" || i.name == "guardian" || i.name == "estate" {
					c.level = "E5"
				}
			}
			switch {
			case !r.may(kind):
				c.want = "consent.issuer.roleNotPermitted"
			case i.role == "studio":
				c.want = "consent.delegation.missing"
			case kind == "refusal":
				c.level, c.check = "E0", func(t *testing.T, r *tokenResult) {
					if !r.atGeneration.refusal || !r.atNow.refusal || !report.Has(r.findings, "consent.token.refusal") {
						t.Error("the refusal does not count")
					}
				}
			}
			rows = append(rows, c)
		}
	}
	rows = append(rows,
		row{name: "agency outside its roster", of: "agency", token: by("agency"), file: func(w *world) { w.c.roster = func(string, openSubject, time.Time) bool { return false } }, want: "consent.issuer.notAuthorizedForSubject"},
		row{name: "agency without a roster at hand", of: "agency", token: by("agency"), file: func(w *world) { w.c.roster = nil }, want: "consent.issuer.notAuthorizedForSubject"},
		row{name: "guild that grants as an agency", token: by("guild").set("consent.authority", "agency"), want: "consent.issuer.roleNotPermitted"},
		row{name: "platform for another audience too", of: "platform", token: by("platform").set("aud", []string{issuerURI("platform"), generator}), want: "consent.issuer.roleNotPermitted"},
		row{name: "platform in another generator's file", of: "platform", token: by("platform"), file: func(w *world) { w.c.signer.DN["O"] = "Else" }, want: "consent.token.audienceMismatch"},
		row{name: "platform for somebody it has not enrolled", token: by("platform").set("sub", person), file: func(w *world) { w.c.signer.DN["O"] = "Platform" }, want: "consent.issuer.notAuthorizedForSubject"},
		row{name: "rightsholder for a person", token: by("rightsholder").set("sub", person), trust: listed("rightsholder", person), want: "consent.issuer.roleNotPermitted"},
		row{name: "performer for a work", token: aGrant().set("sub", character), of: "rightsholder", trust: listed("performer", character), want: "consent.issuer.roleNotPermitted"},
		row{name: "a provider's word", token: aGrant(), trust: func(l *TrustList) { l.Entry(issuerURI("performer")).Roles = []string{"provider"} }, want: "consent.issuer.roleNotPermitted"},
		row{name: "a role that nobody knows", token: aGrant(), trust: func(l *TrustList) { l.Entry(issuerURI("performer")).Roles = []string{"oracle"} }, want: "consent.issuer.roleNotPermitted"},
	)
	runRows(t, rows)
}

func clearance() object {
	return aGrant().set("consent.type", "clearance").set("consent.asset", object{"alg": "sha256", "hash": digest, "of": "c2pa.hash.bmff.v3"})
}

func train(w *world) { w.c.use.Operation = []string{"train"} }

func content(terms ...string) func(*world) {
	return func(w *world) { w.c.generation.Content = terms }
}

func regions(ids ...string) func(*world) { return func(w *world) { w.e.regions = ids } }

func new64(n int64) *int64 { return &n }

func key(name string, change func(*IssuerKey)) func(*TrustList) {
	return func(l *TrustList) { change(l.Entry(issuerURI(name)).Keys[0]) }
}

func listed(name, subject string) func(*TrustList) {
	return func(l *TrustList) {
		i := l.Entry(issuerURI(name))
		i.IDs, i.ids = append(i.IDs, subject), map[string]bool{subject: true, person: true}
	}
}

func refusal() object { return aGrant().set("consent.type", "refusal") }

func has(code string) func(*testing.T, *tokenResult) {
	return func(t *testing.T, r *tokenResult) {
		if !report.Has(r.findings, code) {
			t.Errorf("no %s", code)
		}
	}
}

func lacks(code string) func(*testing.T, *tokenResult) {
	return func(t *testing.T, r *tokenResult) {
		if report.Has(r.findings, code) {
			t.Errorf("%s must not be there", code)
		}
	}
}

// says wants a finding with these words.
func says(words string) func(*testing.T, *tokenResult) {
	return func(t *testing.T, r *tokenResult) {
		if !slices.ContainsFunc(r.findings, func(f report.Finding) bool { return strings.Contains(f.Explanation, words) }) {
			t.Errorf("nothing says %q: %v", words, r.findings)
		}
	}
}

func runRows(t *testing.T, rows []row) {
	t.Helper()
	for _, c := range rows {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t).of(c.of)
			if c.trust != nil {
				c.trust(w.c.trust)
			}
			if c.file != nil {
				c.file(w)
			}
			if c.raw == "" {
				c.raw = minted(t, c.token)
			}
			r := w.c.check(tokenInput{raw: c.raw, entry: w.e})
			if c.now == "" {
				c.now = c.want
			}
			for _, clock := range []struct {
				name, want string
				o          outcome
			}{{"at generation", c.want, r.atGeneration}, {"now", c.now, r.atNow}} {
				switch {
				case clock.want == "" || clock.want == "-":
					if len(clock.o.failures) > 0 {
						t.Errorf("%s: fails by %v", clock.name, clock.o.failures)
					}
				case !slices.Contains(clock.o.failures, clock.want):
					t.Errorf("%s: failures %v lack %s", clock.name, clock.o.failures, clock.want)
				case clock.o.level > "E2":
					t.Errorf("%s: level %s of a token that fails", clock.name, clock.o.level)
				}
			}
			if c.want != "" && c.want != "consent.token.missingClaim" && !report.Has(r.findings, c.want) {
				t.Errorf("no finding %s", c.want)
			}
			if c.level == "" {
				c.level = "E4"
			}
			if c.want == "" && r.atGeneration.level != c.level {
				t.Errorf("level %s, want %s", r.atGeneration.level, c.level)
			}
			if c.binding != "" && r.binding != c.binding {
				t.Errorf("binding %s, want %s", r.binding, c.binding)
			}
			if c.info != "" && !report.Has(r.findings, c.info) {
				t.Errorf("no finding %s in %v", c.info, r.findings)
			}
			if c.check != nil {
				c.check(t, r)
			}
		})
	}
}
