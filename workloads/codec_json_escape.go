package workloads

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// equals compares a string of src, whose escapes are known to be good, with a name.
func (s jsonSpan) equals(src []byte, name string) bool {
	if !s.escaped {
		return string(src[s.from:s.to]) == name
	}
	var buf [64]byte
	return string(unescape(buf[:0], src[s.from:s.to])) == name
}

// unescape appends a string whose escapes are known to be good.
func unescape(dst, raw []byte) []byte {
	for at := 0; at < len(raw); {
		if raw[at] != '\\' {
			dst = append(dst, raw[at])
			at++
			continue
		}
		r, n := escapedRune(raw[at:])
		dst = utf8.AppendRune(dst, r)
		at += n
	}
	return dst
}

// escapedRune reads the escape a string begins with and the number of bytes it takes, 0 if JSON
// has no such escape. Half of a surrogate pair stands for the replacement character.
func escapedRune(s []byte) (rune, int) {
	if len(s) < 2 {
		return 0, 0
	}
	switch s[1] {
	case '"', '\\', '/':
		return rune(s[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
	default:
		return 0, 0
	}
	high, ok := hex4(s[2:])
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(high) && len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
		if low, ok := hex4(s[8:]); ok {
			if r := utf16.DecodeRune(high, low); r != utf8.RuneError {
				return r, 12
			}
		}
	}
	return high, 6
}

func hex4(s []byte) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var r rune
	for _, ch := range s[:4] {
		switch {
		case ch >= '0' && ch <= '9':
			r = r<<4 | rune(ch-'0')
		case ch|0x20 >= 'a' && ch|0x20 <= 'f':
			r = r<<4 | rune(ch|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// plain says whether a string can stand in JSON as it is: no control character, quote or
// backslash. Eight bytes are looked at together; of a longer string the last eight twice.
func plain(s []byte) bool {
	if len(s) < 8 {
		for _, ch := range s {
			if ch < ' ' || ch == '"' || ch == '\\' {
				return false
			}
		}
		return true
	}
	for at := 0; at+8 < len(s); at += 8 {
		if special(binary.LittleEndian.Uint64(s[at:])) {
			return false
		}
	}
	return !special(binary.LittleEndian.Uint64(s[len(s)-8:]))
}

// special says whether one of eight bytes is a control character, a quote or a backslash.
func special(x uint64) bool {
	const ones = 0x0101010101010101
	quote, backslash := x^'"'*ones, x^'\\'*ones
	control := (x - ' '*ones) & ^x
	return (control|(quote-ones)&^quote|(backslash-ones)&^backslash)&(0x80*ones) != 0
}

// appendQuoted appends a string as JSON writes it.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	if plain([]byte(s)) {
		return append(append(dst, s...), '"')
	}
	for i := range len(s) {
		switch ch := s[i]; {
		case ch == '"' || ch == '\\':
			dst = append(dst, '\\', ch)
		case ch < ' ':
			dst = append(dst, '\\', 'u', '0', '0', "0123456789abcdef"[ch>>4],
				"0123456789abcdef"[ch&15])
		default:
			dst = append(dst, ch)
		}
	}
	return append(dst, '"')
}
