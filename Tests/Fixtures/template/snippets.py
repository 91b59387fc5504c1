"""Small templates, one feature each: (source, variables)."""

M = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}]
D = {"b": 1, "a": [1, 2.5, None, True, "x'y"], "C": {"k": "v"}}


def plain(*sources, **variables):
    return [(source, variables) for source in sources]


SNIPPETS = [
    # White space: trim_blocks, lstrip_blocks, signs, comments, raw, the last newline.
    *plain(
        "a\n", "a\n\n", "\n", "", "a\r\nb\rc\r\n",
        "{% if true %}\nx\n{% endif %}\ny", "  {% if true %}  \n  x\n  {% endif %}\n", "a  {% if true %}b{% endif %}  c",
        "a  {%- if true -%}  b  {%- endif -%}  c", "a  {%+ if true +%}\n  b\n  {%+ endif +%}\nc",
        "  {{ 1 }}\n  {{ 2 }}\n", "x\n  {{- 1 -}}  \n y", "{# c #}\nx", "  {# c #}  \nx", "a {#- c -#} b", "a\n  {#+ c +#}\nb",
        "{#-#}x", "{# a\nb #}\n\nx", "{% raw %}{{ x }}{% endraw %}", "a  {%- raw -%}  {{ x }}\n {%- endraw -%}  b",
        "{% raw %}\n a {% b %}\n{% endraw %}\nz", "  {% raw %}a{% endraw %}\nb", "{% raw %}  {%+ endraw +%}\nx",
        "\t{% set x = 1 %}\n\t{{ x }}", "{% set x = 1 %}\n\n{{ x }}", "a{% set x = 1 %}b", "{{ 1 }}\n{{ 2 }}\n\n",
        "{%- set x = 1 -%}\n\n  {{- x }}  \n{%- if x %}  y  {% endif -%}\n", "x {{- -1 }}", "x {{+1 }}", "{{ 1 -}} y", "{{1-1}}",
        "{{ '}}' }}", "{{ {'a': {'b': 1}} }}", "{% if '%}' %}x{% endif %}", "{ {x} % } {", "a{b", "{{ 1\n\n+ 2 }}",
        " \u00a0{% if true %}x{% endif %}",
    ),
    # Literals and printing.
    *plain(
        "{{ 1 }} {{ -1 }} {{ 1_000 }} {{ 0x1F }} {{ 0b101 }} {{ 0o17 }}", "{{ 1.0 }} {{ 1.5e3 }} {{ 1e16 }} {{ 1e15 }} {{ 1e-5 }} {{ 0.0001 }}",
        "{{ 123456789012345680.0 }} {{ 1.1 }} {{ 100.0 }} {{ -0.0 }} {{ 1e100 }} {{ 12345.678 }} {{ 5e-324 }}", "{{ 1/3 }} {{ 2/1 }} {{ 10**15 / 1 }}",
        "{{ true }} {{ True }} {{ false }} {{ none }} {{ None }}", "{{ 'a' 'b' \"c\" }}", r"{{ 'a\nb\t\\\'\"\x41é\U0001F642\101\q' }}",
        "{{ \"it's\" }} {{ 'say \"x\"' }}", "{{ ['it\\'s', 'say \"x\"', 'both \\' \"', 'a\\nb\\\\', 'é\\u0301', '\\x07\\u200b\\u00a0\\U000e0001'] }}",
        "{{ [] }} {{ [1] }} {{ [1, 'a', [2.0, none, true]] }} {{ [1,] }}", "{{ () }} {{ (1,) }} {{ (1, 2) }} {{ 1, 2 }} {{ (1) }}",
        "{{ {} }} {{ {'a': 1, 'b': {'c': []}} }} {{ {1: 2, none: 3, 1.0: 4} }} {{ {'a': 1, 'a': 2} }}", "{{ {'a': 1,} }}",
        "{{ D }}", "{{ 'x' if false }}|{{ 'x' if true }}|{{ 'x' if false else 'y' }}|{{ 1 if 0 else 2 if 0 else 3 }}",
        D=D,
    ),
    # Operators.
    *plain(
        "{{ 1 + 2 * 3 - 4 }} {{ (1 + 2) * 3 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }}",
        "{{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ 2 ** -1 }} {{ 2.0 ** 0.5 }} {{ 4 / 2 }}", "{{ 'a' + 'b' }} {{ 'a' ~ 1 ~ none ~ [1] }} {{ 'ab' * 3 }} {{ 3 * 'ab' }}|{{ 'x' * -1 }}|{{ [1] * 2 }} {{ 2 * (1,) }}",
        "{{ 1 + 2 ~ 3 }} {{ 1 ~ 2 + 3 }}", "{{ [1] + [2] }} {{ (1,) + (2,) }}", "{{ true + true }} {{ -true }} {{ +false }}",
        "{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 == 1.0 }} {{ 1 == true }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ 'é' == 'e\u0301' }}",
        "{{ 1 != 2 }} {{ 2 >= 2 }} {{ 2 <= 1 }} {{ 'a' == 1 }} {{ none == none }} {{ {} == [] }} {{ {'a': 1} == {'a': 1.0} }} {{ (1,) == [1] }}",
        "{{ not 1 }} {{ not not 1 }} {{ 1 and 2 }} {{ 0 and 2 }} {{ 0 or 3 }} {{ '' or none }} {{ not a == b }}",
        "{{ 'b' in 'abc' }} {{ 'b' not in 'abc' }} {{ 1 in [1.0] }} {{ 'a' in {'a': 1} }} {{ none in [] }} {{ '' in '' }} {{ not 'x' in 'y' }}",
        "{{ 1 in (1, 2) }} {{ 'x' in nothing }}", "{{ '%s is %d or %.2f, %r %%' % ('a', 3, 1.005, 'q') }}", "{{ '%s' % 'x' }} {{ '%.1f' % 2.25 }} {{ '%s %s' % (1, [2]) }}",
        "{{ nothing == nothing2 }} {{ nothing == '' }} {{ nothing == none }} {{ not nothing }} {{ nothing ~ 'x' }}", "{{ 5 - 3 - 1 }} {{ 8 / 4 / 2 }} {{ 2 - -2 }}",
        a=1, b=2,
    ),
    # Attributes, subscripts, slices.
    *plain(
        "{{ m[0].role }} {{ m[0]['content'] }} {{ m[-1].content }} {{ m.0.role }} {{ m[1]['role'][0] }}", "{{ m[5] }}|{{ m[0].nothing }}|{{ m[0]['nothing'] }}|{{ m.role }}|{{ 'abc'.x }}|{{ 5 .x }}",
        "{{ 'abcdef'[1:3] }} {{ 'abcdef'[:-1] }} {{ 'abcdef'[::2] }} {{ 'abcdef'[::-1] }} {{ 'abcdef'[4:1:-1] }} {{ 'abcdef'[10:] }}|{{ 'abcdef'[-100:2] }}",
        "{{ [1,2,3,4][1:] }} {{ [1,2,3,4][::-1] }} {{ [1,2,3,4][-3:-1] }} {{ (1,2,3)[:2] }} {{ [1,2,3][3::-1] }} {{ [][::-1] }} {{ [1,2][:none] }}",
        "{{ 'é日🙂x'[1] }} {{ 'é日🙂x'[2:] }} {{ 'e\u0301x'[1:] | length }}", "{{ D.a[4] }} {{ D['C'].k }} {{ D.b + 1 }} {{ D.items is defined }} {{ D['items'] is defined }}",
        "{{ {'items': 1}['items'] }} {{ {'get': 5}.get('get') }}", "{{ D.get('b') }} {{ D.get('z') }} {{ D.get('z', 'd') }}", "{{ m[0] is defined }} {{ m[9] is defined }} {{ m[0].x.y is defined }}",
        "{{ m[true].role }}", "{{ {1: 'a', (1, 2): 'b'}[1] }}{{ {(1, 2): 'b'}[(1, 2)] }}",
        m=M, D=D,
    ),
    # Methods.
    *plain(
        "{{ '  a b  '.strip() }}|{{ '  a '.lstrip() }}|{{ ' a '.rstrip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'abcab'.strip('ba') }}|{{ '\\n\\na\\n'.lstrip('\\n') }}",
        "{{ 'a,b,,c'.split(',') }} {{ ' a  b c '.split() }} {{ 'a,b,c'.split(',', 1) }} {{ 'a b  c '.split(none, 1) }} {{ 'abc'.split('x')[-1] }} {{ ''.split(',') }} {{ ''.split() }}",
        "{{ 'a,b,c'.rsplit(',', 1) }} {{ 'a b c'.rsplit(maxsplit=1) }} {{ 'a--b'.partition('--') }} {{ 'a-b-c'.rpartition('-') }} {{ 'x'.partition('-') }}",
        "{{ 'a\\nb\\r\\nc\\n\\n'.splitlines() }} {{ 'a\\nb'.splitlines(true) }}", "{{ 'aBc'.upper() }} {{ 'aBc'.lower() }} {{ 'hello wORLD it\\'s'.title() }} {{ 'hELLO'.capitalize() }} {{ 'aBc'.swapcase() }} {{ 'straße'.upper() }}",
        "{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith('bc') }} {{ 'abc'.startswith(('x', 'a')) }} {{ 'abc'.startswith('b', 1) }}", "{{ 'aXbXc'.replace('X', '-') }} {{ 'aXbXc'.replace('X', '', 1) }} {{ 'ab'.replace('', '.') }} {{ 'aaa'.replace('aa', 'b') }}",
        "{{ ', '.join(['a', 'b']) }} {{ ''.join([]) }}", "{{ 'abcb'.find('b') }} {{ 'abcb'.rfind('b') }} {{ 'abc'.find('z') }} {{ 'abcb'.count('b') }} {{ 'é日b'.find('b') }} {{ 'abcabc'.find('a', 1) }} {{ 'abc'.index('c') }}",
        "{{ 'x'.center(5) }}|{{ 'x'.ljust(3) }}|{{ 'x'.rjust(3, '.') }}|{{ '-7'.zfill(4) }}|{{ 'xy'.center(5, '*') }}", "{{ '12'.isdigit() }} {{ 'a1'.isalnum() }} {{ 'ab'.isalpha() }} {{ ' \\n'.isspace() }} {{ 'AB'.isupper() }} {{ ''.isdigit() }} {{ 'ab'.islower() }}",
        "{{ 'prefix-x'.removeprefix('prefix-') }} {{ 'x.txt'.removesuffix('.txt') }} {{ 'x'.removesuffix('') }}", "{% for k, v in D.items() %}{{ k }}={{ v }};{% endfor %}", "{{ D.keys() | list }} {{ D.values() | list }} {{ D.items() | list }}",
        "{{ [1, 2, 1].count(1) }} {{ [1, 2].index(2) }}", "{{ '\u00a0\u2003x\u3000'.strip() }}|{{ '\\x1cx\\x1f'.strip() | length }}",
        D=D,
    ),
    # Filters.
    *plain(
        "{{ '  x ' | trim }}|{{ 'xxaxx' | trim('x') }}", "{{ [1, 2] | length }} {{ 'é日' | length }} {{ {} | count }} {{ nothing | length }}", "{{ [3, 1] | first }} {{ [3, 1] | last }} {{ 'abc' | first }} {{ [] | first }}|{{ 'abc' | last }}",
        "{{ [1, 'a', none] | join }} {{ [1, 2] | join('-') }} {{ m | join(', ', attribute='role') }} {{ 'abc' | join('.') }} {{ nothing | join }}", "{{ 'aB' | upper }} {{ 'aB' | lower }} {{ 'hello wORLD it\\'s-ok (x)' | title }} {{ 'hELLO' | capitalize }}",
        "{{ nothing | default('d') }} {{ none | default('d') }} {{ '' | default('d', true) }} {{ 0 | d(5, boolean=true) }} {{ nothing | default }}|{{ x.y | default('z') }}",
        "{{ D | tojson }}", "{{ D | tojson(indent=2) }}", "{{ D | tojson(sort_keys=true) }} {{ 'é<&>\"\\'\\n\\u0001\\x7f/' | tojson }} {{ 'é🙂' | tojson(ensure_ascii=true) }}", "{{ [] | tojson(indent=4) }} {{ {} | tojson(indent=4) }} {{ [1, [2, {}]] | tojson(indent=1) }} {{ [1, 2] | tojson(separators=(',', ':')) }} {{ (1, 2) | tojson }}",
        "{{ 1e16 | tojson }} {{ 1.0 | tojson }} {{ {1: none, true: 2, none: 3, 1.5: 4} | tojson }}", "{{ 'a-b-a' | replace('a', 'c') }} {{ 'aaa' | replace('a', 'b', 2) }} {{ 5 | replace(5, 6) }}", "{{ m | map(attribute='role') | list }} {{ ['a', 'B'] | map('upper') | list }} {{ m | map(attribute='x', default='-') | join }} {{ ['a,b'] | map('replace', ',', ';') | list }}",
        "{{ m | selectattr('role', 'equalto', 'user') | list | length }} {{ m | rejectattr('role', '==', 'user') | map(attribute='content') | list }} {{ m | selectattr('role') | list | length }} {{ m | selectattr('role', 'in', ['user']) | list }}",
        "{{ [1, 2, 3, 4] | select('even') | list }} {{ [0, 1, ''] | select | list }} {{ [1, 2, 3] | reject('greaterthan', 1) | list }} {{ ['a', 1] | select('string') | list }} {{ [1, none] | reject('none') | list }}",
        "{{ {'a': 1} | items | list }} {{ nothing | items | list }}", "{{ 5 | string + 'x' }} {{ [1] | string }} {{ 'x' | safe }} {{ 'abc' | list }} {{ (1, 2) | list }} {{ {'a': 1} | list }}", "{{ '42' | int }} {{ '42.9' | int }} {{ 'x' | int }} {{ 'x' | int(7) }} {{ 'ff' | int(base=16) }} {{ '0x1f' | int(base=16) }} {{ 3.9 | int }} {{ -3.9 | int }} {{ ' 5 ' | int }} {{ true | int }} {{ none | int }} {{ '1_0' | int }}",
        "{{ '1.5' | float }} {{ 'x' | float }} {{ 2 | float }} {{ 'inf' | float }} {{ 'x' | float(1.5) }} {{ '1e3' | float }}", "{{ 'a\\nb\\n\\nc' | indent }}|{{ 'a\\nb' | indent(2, true) }}|{{ 'a\\n\\nb' | indent(width=1, blank=true) }}|{{ 'a\\nb' | indent('> ') }}|{{ '' | indent }}",
        "{{ [3, 1, 2] | sort }} {{ ['b', 'A', 'c'] | sort }} {{ ['b', 'A', 'c'] | sort(case_sensitive=true) }} {{ [1, 3, 2] | sort(reverse=true) }} {{ m | sort(attribute='role') | map(attribute='role') | list }}", "{{ [1, 1, 2, 'a', 'A'] | unique | list }} {{ ['b', 'a', 'B'] | unique(case_sensitive=true) | list }}",
        "{{ [1, 2, 3] | sum }} {{ [] | sum }} {{ [{'n': 1}, {'n': 2.5}] | sum(attribute='n') }} {{ [1] | sum(start=10) }}", "{{ -5 | abs }} {{ -5.5 | abs }} {{ 2.5 | round }} {{ 3.5 | round }} {{ 42.55 | round(1) }} {{ 42.55 | round(1, 'floor') }} {{ 42.1 | round(0, 'ceil') }} {{ 42 | round }} {{ 1234.5 | round(-2) }}",
        "{{ [1, 2, 3] | reverse | list }} {{ 'abc' | reverse }}", "{{ {'b': 1, 'a': 2, 'C': 0} | dictsort }} {{ {'b': 1, 'a': 2} | dictsort(false, 'value') }} {{ {'a': 1, 'B': 2} | dictsort(true) }} {{ {'a': 1, 'b': 2} | dictsort(reverse=true) }}",
        "{{ '<a href=\"x\">\\'&' | escape }} {{ '<' | e }}", "{{ [3, 1] | min }} {{ [3, 1] | max }} {{ m | max(attribute='role') }} {{ [] | min }}", "{{ [1,2,3,4,5] | batch(2) | list }} {{ [1,2,3] | batch(2, 0) | list }}", "{{ '%s-%s' | format('a', 1) }} {{ 'x' | center(5) }}| {{ 'a b-c d' | wordcount }}",
        "{{ -1 | abs }} {{ (-1) | abs }} {{ 'a' ~ 'b' | upper }} {{ not '' | length }} {{ 1 + [2] | first }}", "{{ x | upper }}|{{ x | trim }}|{{ x | list }}|{{ x | string }}|{{ x | replace('a', 'b') }}", "{{ 5 | upper }} {{ none | upper }} {{ [1] | trim }} {{ 1.50 | string | length }}",
        "{% filter upper %}a{{ 'b' }}{% endfilter %}", "{% filter replace('a', 'b') | upper %}banana{% endfilter %}",
        m=M, D=D,
    ),
    # Tests.
    *plain(
        "{{ x is defined }} {{ y is defined }} {{ y is undefined }} {{ y is not defined }} {{ not y is defined }} {{ x is defined and x == 1 }}", "{{ none is none }} {{ 1 is none }} {{ 'a' is string }} {{ [] is string }} {{ {} is mapping }} {{ [] is mapping }}",
        "{{ [] is iterable }} {{ 'a' is iterable }} {{ 5 is iterable }} {{ y is iterable }} {{ none is iterable }} {{ {} is iterable }}", "{{ [] is sequence }} {{ 'a' is sequence }} {{ {} is sequence }} {{ 5 is sequence }} {{ (1,) is sequence }}", "{{ 1 is number }} {{ 1.5 is number }} {{ true is number }} {{ '1' is number }} {{ 1 is integer }} {{ true is integer }} {{ 1.0 is float }} {{ 1.0 is integer }}",
        "{{ true is true }} {{ 1 is true }} {{ false is false }} {{ 0 is false }} {{ true is boolean }} {{ 1 is boolean }}", "{{ 2 is even }} {{ 3 is odd }} {{ 4 is divisibleby 2 }} {{ 4 is divisibleby(3) }}", "{{ 1 is eq 1 }} {{ 1 is equalto(2) }} {{ 1 is ne 2 }} {{ 1 is lt 2 }} {{ 2 is ge 2 }} {{ 1 is in [1, 2] }} {{ 'a' is in('abc') }} {{ 1 is not in [2] }} {{ 3 is gt 2 }} {{ 3 is le 2 }}",
        "{{ 'abc' is lower }} {{ 'ABC' is upper }} {{ none is sameas none }} {{ range is callable }} {{ 'upper' is filter }} {{ 'defined' is test }}", "{{ 'yes' if x is defined else 'no' }} {{ x is defined or false }}", "{{ 1 is string or 2 is number }} {{ x is not none and x is number }}",
        x=1,
    ),
    # Statements.
    *plain(
        "{% for x in [1, 2, 3] %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}", "{% for x in [1, 2, 3] %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}", "{% for x in [] %}a{% else %}b{% endfor %}", "{% for x in nothing %}a{% else %}b{% endfor %}",
        "{% for x in [1, 2, 3, 4] if x % 2 == 0 %}{{ x }}/{{ loop.length }} {% else %}none{% endfor %}", "{% for a, b in [(1, 2), [3, 4]] %}{{ a }}{{ b }} {% endfor %}", "{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "{% for c in 'añ🙂' %}{{ c }}.{% endfor %}", "{% for k in {'a': 1, 'b': 2} %}{{ k }}{% endfor %}",
        "{% for x in range(5) %}{% if x == 1 %}{% continue %}{% endif %}{% if x == 3 %}{% break %}{% endif %}{{ x }}{% endfor %}", "{% for x in [1, 2] %}{% for y in [1, 2] %}{% if y == 2 %}{% break %}{% endif %}{{ x }}{{ y }} {% endfor %}{{ loop.index }}{% endfor %}", "{% for x in [1,2] %}{% set outer = loop %}{% for y in 'ab' %}{{ outer.index }}{{ loop.index }}{{ loop.depth }} {% endfor %}{% endfor %}",
        "{% for x in 1, 2 %}{{ x }}{% endfor %}", "{% for x in [1, 2, 3] %}{{ loop.cycle('a', 'b') }}{{ loop.changed(x // 2) }} {% endfor %}", "{% for x in [1,2,3][::-1] if x != 2 %}{{ x }}{% endfor %}",
        "{% if 0 %}a{% elif 1 %}b{% elif 1 %}c{% else %}d{% endif %}", "{% if none %}a{% else %}d{% endif %}", "{% if a is not defined %}{% set a = 1 %}{% endif %}{{ a }}",
        "{% set x = 1 %}{% for i in [1, 2] %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}", "{% set ns = namespace(x=1, y='a') %}{% for i in [1, 2] %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}{{ ns.y }}{{ ns.z }}", "{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }}{{ ns['a'] }}", "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set (a, b) = [1, 2] %}{{ a }}{{ b }}", "{% set x = 1, 2 %}{{ x }}", "{% set x = 1 if false %}{{ x is defined }}",
        "{% set x %}a{{ 1 }}{% endset %}[{{ x }}]{{ x is string }}", "{% set x | upper | trim %} ab {% endset %}[{{ x }}]", "{% set x = 'a' %}{% set x = x ~ x %}{{ x }}", "{% if true %}{% set q = 5 %}{% endif %}{{ q }}", "{% for i in [1] %}{% set q = 5 %}{% endfor %}{{ q }}|{{ i }}|{{ loop }}",
        "{% macro f(a, b=2, c='x' ~ a) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ f(1) }} {{ f(1, c=3) }} {{ f(b=0) }} {{ f(1, 2, 3) }}", "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "{% set g = 1 %}{% macro f() %}{{ g }}{% endmacro %}{% set g = 2 %}{{ f() }}", "{% macro f() %}{% set z = 1 %}{{ z }}{% endmacro %}{{ f() }}{{ z }}", "{% macro f(x) -%}  {{ x }}  {%- endmacro %}[{{ f('a') }}]{{ f('a') | length }}{{ f }}",
        "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a }}", "{% with %}{% set a = 1 %}{{ a }}{% endwith %}{{ a }}", "{% set a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% endwith %}", "{% generation %}a{{ 1 }}{% set y = 1 %}{% endgeneration %}{{ y }}", "{% for m in [1] %}{%- generation -%}  {{ m }}  {%- endgeneration -%}{% endfor %}",
        "{{ range(3) | list }} {{ range(1, 4) | list }} {{ range(5, 0, -2) | list }} {{ range(0) | list }}", "{{ dict(a=1, b=2) }} {{ dict({'a': 1}, a=2) }} {{ dict([('x', 1)]) }}", "{{ strftime_now('%d %b %Y, %A %B %-d %H:%M:%S %y %j %I %p %%') }}", "{{ raise_exception('no: ' ~ 1) }}", "{% if false %}{{ raise_exception('x') }}{% endif %}ok",
        "{{ nothing }}|{{ (nothing.x is defined) if false else 'ok' }}", "{{ [nothing, 1] }}", "{{ namespace(a=1) is mapping }}",
    ),
    # Errors.
    *plain(
        "{{ nothing.x }}", "{{ nothing['x'] }}", "{{ m.x.y }}", "{{ none.x.y }}", "{{ nothing() }}", "{{ 'a'() }}", "{{ 'a' + 1 }}", "{{ 1 + 'a' }}", "{{ [1] + 'a' }}", "{{ nothing + 1 }}", "{{ 'a' + nothing }}", "{{ 1 / 0 }}", "{{ 1 % 0 }}", "{{ 1.0 // 0 }}", "{{ 'a' < 1 }}", "{{ none < 1 }}", "{{ 1 in 5 }}", "{{ 1 in 'a' }}", "{{ -'a' }}",
        "{% for x in 5 %}{% endfor %}", "{% for x in none %}{% endfor %}", "{% for a, b in [1] %}{% endfor %}", "{% for a, b in [(1, 2, 3)] %}{% endfor %}", "{{ 5 | length }}", "{{ none | list }}", "{{ nothing | tojson }}", "{{ range | tojson }}", "{{ [1, 'a'] | sort }}", "{{ 'a' | abs }}", "{{ {[]: 1} }}", "{{ ''.split('') }}", "{{ 'a'.index('b') }}", "{{ [].append(1) }}", "{{ {}.update({}) }}", "{{ 'a'.join([1]) }}", "{{ 'a'.strip(1, 2) }}",
        "{{ 'a'[::0] }}", "{{ range(1, 2, 0) }}", "{{ range(1000000) }}", "{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}", "{% macro f(a) %}{% endmacro %}{{ f(b=2) }}", "{% set m.x = 1 %}", "{% set x.y = 1 %}", "{{ 'a' | nofilter }}", "{{ 'a' is notest }}", "{% if false %}{{ 'a' | nofilter }}{% endif %}ok", "{{ '%d' % 'a' }}", "{{ '%s %s' % 'a' }}", "{{ 'x' * 'y' }}",
        "{{ 1", "{% if %}", "{% if 1 %}", "{% for x in %}{% endfor %}", "{{ }}", "{{ 1 2 }}", "{{ (1 }}", "{{ 1) }}", "{{ [1 }}", "{% endif %}", "{% else %}", "{% nope %}", "{% if 1 %}{% endfor %}", "{# open", "{% raw %}x", "{{ 'open }}", "{{ a..b }}", "{{ a. }}", "{{ a[] }}", "{{ f(a=1, 2) }}", "{% break %}", "{% set 1 = 2 %}", "{% set true = 2 %}", "{% macro %}{% endmacro %}", "{{ 1 if }}", "{{ $ }}", "{% for x in [1] %}{% generation %}{% break %}{% endgeneration %}{% endfor %}", "{{ 'a' is string is string }}", "{{ {'a'} }}", "{{ 1 = 2 }}", "{{ a ! b }}", "{{ not }}", "{{ | upper }}",
        m=M,
    ),
]
