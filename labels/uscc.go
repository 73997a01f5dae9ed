package labels

import (
	"fmt"
	"strings"
)

// usccAlphabet are the characters of a unified social credit code: digits and letters without I, O, S, V, Z. GB 32100.
const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// usccCheck is the check character of the first 17 characters of a code; 0: they are none. GB 32100-2015, 5.5: the sum
// of their values, each by a power of 3, and the check character is 0 modulo 31.
func usccCheck(code string) byte {
	sum, weight := 0, 1
	for i := range 17 {
		v := strings.IndexByte(usccAlphabet, code[i])
		if v < 0 {
			return 0
		}
		sum += v * weight
		weight = weight * 3 % 31
	}
	return usccAlphabet[(31-sum%31)%31]
}

// The form of a service's code: 001, 1 for an organization, its unified social credit code, and five characters of its
// own. TC260-PG-20257A.
const (
	codePrefix = "001"
	codeLen    = 3 + 1 + 18 + 5
)

// uscc is the unified social credit code within a service's code; empty: there is none.
func uscc(code string) string {
	if len(code) != codeLen || !strings.HasPrefix(code, codePrefix) || code[3] != '1' {
		return ""
	}
	return strings.ToUpper(code[4:22])
}

// checkCode says in plain words what is wrong with a service's code. A name in its place, which some services write, is
// not.
func checkCode(code string) string {
	u := uscc(code)
	if u == "" {
		if len(code) >= 20 && strings.HasPrefix(code, codePrefix) && len(code) != codeLen && isCode(code) {
			return fmt.Sprintf("a service's code has %d characters, this one %d", codeLen, len(code))
		}
		return ""
	}
	switch want := usccCheck(u); {
	case want == 0:
		return fmt.Sprintf("%q holds no unified social credit code", clip(code))
	case want != u[17]:
		return fmt.Sprintf("the check character of the service's code %q is %c, and must be %c", clip(code), u[17], want)
	}
	return ""
}

func isCode(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
