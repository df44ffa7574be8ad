package workloads

// scanObject checks that src is one flat JSON object, and appends its members.
func scanObject(src []byte, members []member) ([]member, error) {
	at, err := expect(src, skipSpace(src, 0), '{')
	if err != nil {
		return nil, err
	}
	if at = skipSpace(src, at); at < len(src) && src[at] == '}' {
		return nil, decodeError(at, "the object is empty")
	}
	for {
		if len(members) == cap(members) {
			return nil, decodeError(at, "more than %d fields", cap(members))
		}
		var m member
		if m, at, err = scanMember(src, at); err != nil {
			return nil, err
		}
		members = append(members, m)
		at = skipSpace(src, at)
		if at < len(src) && src[at] == ',' {
			at = skipSpace(src, at+1)
			continue
		}
		if at, err = expect(src, at, '}'); err != nil {
			return nil, err
		}
		if at = skipSpace(src, at); at != len(src) {
			return nil, decodeError(at, "%d bytes follow the event", len(src)-at)
		}
		return members, nil
	}
}

func scanMember(src []byte, at int) (m member, next int, err error) {
	if m.name, at, err = scanString(src, at); err != nil {
		return m, 0, err
	}
	if at, err = expect(src, skipSpace(src, at), ':'); err != nil {
		return m, 0, err
	}
	m.at = skipSpace(src, at)
	if m.at < len(src) && src[m.at] == '"' {
		m.text = true
		m.value, next, err = scanString(src, m.at)
		return m, next, err
	}
	if next = jsonNumber(src, m.at); next < 0 {
		return m, 0, decodeError(m.at, "neither a number nor a string")
	}
	m.value = jsonSpan{from: m.at, to: next}
	return m, next, nil
}

// scanString reads a quoted string and returns its inside and the offset behind it.
func scanString(src []byte, at int) (jsonSpan, int, error) {
	at, err := expect(src, at, '"')
	if err != nil {
		return jsonSpan{}, 0, err
	}
	s := jsonSpan{from: at}
	for ; at < len(src); at++ {
		switch ch := src[at]; {
		case ch == '"':
			s.to = at
			return s, at + 1, nil
		case ch < ' ':
			return s, 0, decodeError(at, "a control character in a string")
		case ch == '\\':
			s.escaped = true
			_, n := escapedRune(src[at:])
			if n == 0 {
				return s, 0, decodeError(at, "an escape JSON does not have")
			}
			at += n - 1
		}
	}
	return s, 0, decodeError(len(src), "the event ends inside a string")
}

func expect(src []byte, at int, want byte) (int, error) {
	switch {
	case at >= len(src):
		return 0, decodeError(len(src), "the event ends where %q should be", want)
	case src[at] != want:
		return 0, decodeError(at, "%q where %q should be", src[at], want)
	}
	return at + 1, nil
}

func skipSpace(src []byte, at int) int {
	for at < len(src) && (src[at] == ' ' || src[at] == '\n' || src[at] == '\t' || src[at] == '\r') {
		at++
	}
	return at
}

// jsonNumber returns the offset behind a number of JSON's grammar, -1 if there is none.
func jsonNumber(src []byte, at int) int {
	if at < len(src) && src[at] == '-' {
		at++
	}
	whole := digitsEnd(src, at)
	if whole == at || whole > at+1 && src[at] == '0' {
		return -1
	}
	if at = whole; at < len(src) && src[at] == '.' {
		if whole = digitsEnd(src, at+1); whole == at+1 {
			return -1
		}
		at = whole
	}
	if at < len(src) && src[at]|0x20 == 'e' {
		at++
		if at < len(src) && (src[at] == '+' || src[at] == '-') {
			at++
		}
		if whole = digitsEnd(src, at); whole == at {
			return -1
		}
		at = whole
	}
	return at
}

func digitsEnd(src []byte, at int) int {
	for at < len(src) && src[at]-'0' <= 9 {
		at++
	}
	return at
}
