"""C++ expressions in which constants take the precision of the arrays they meet.

Brian2 writes constants as C++ doubles, so that a single-precision array that meets one is
computed in double precision, at half the speed. Here, as in NumPy 2, arrays decide: a constant
that meets a single-precision array becomes one of single precision, and everything that meets a
double-precision array stays double. Expressions of constants alone are computed in double
precision and rounded once.
"""

import ast
from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np
from brian2.core.variables import ArrayVariable, Constant, Variable
from brian2.parsing.rendering import CPPNodeRenderer

#: Functions with overloads for float and double; the others are taken as they are.
OVERLOADED = frozenset(
    [
        *["sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "_exp", "expm1"],
        *["log", "log1p", "log10", "sqrt", "floor", "ceil", "_brian_abs", "_clip"],
    ]
)
INTEGER_VALUED = frozenset(["int_", "_sign", "_timestep"])


class Kind(Enum):
    """What a C++ expression is made of."""

    BOOLEAN = 0
    INTEGER = 1
    LITERAL_INTEGER = 2
    CONSTANT = 3  # floating point, the same for all cells: takes the others' precision
    FLEXIBLE = 4  # integers that met floating-point constants: likewise
    SINGLE = 5
    DOUBLE = 6


DISCRETE = frozenset([Kind.BOOLEAN, Kind.INTEGER, Kind.LITERAL_INTEGER])
ADAPTS = frozenset([Kind.CONSTANT, Kind.FLEXIBLE, Kind.LITERAL_INTEGER])


def combine(left: Kind, right: Kind) -> Kind:
    """Kind of the result of arithmetic on two operands."""
    kinds = {left, right}
    if Kind.DOUBLE in kinds:
        return Kind.DOUBLE
    if Kind.SINGLE in kinds:
        return Kind.SINGLE
    if kinds == {Kind.LITERAL_INTEGER}:
        return Kind.LITERAL_INTEGER
    if kinds <= DISCRETE:
        return Kind.INTEGER
    return Kind.CONSTANT if kinds <= {Kind.CONSTANT, Kind.LITERAL_INTEGER} else Kind.FLEXIBLE


def kind_of_dtype(dtype: Any) -> Kind:
    """Kind of an array of this NumPy type."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return Kind.BOOLEAN
    if dtype.kind in "iu":
        return Kind.INTEGER
    return Kind.SINGLE if dtype == np.float32 else Kind.DOUBLE


def kind_of_variable(variable: Variable) -> Kind:
    """Kind of a Brian2 variable."""
    if isinstance(variable, Constant):
        kind = kind_of_dtype(variable.dtype)
        if kind is Kind.INTEGER:
            return Kind.LITERAL_INTEGER
        return kind if kind is Kind.BOOLEAN else Kind.CONSTANT
    if isinstance(variable, ArrayVariable) and variable.name == "dt" and variable.scalar:
        return Kind.CONSTANT  # the length of a time step, not a quantity that builds up like t
    return kind_of_dtype(variable.dtype)


class PrecisionRenderer(CPPNodeRenderer):
    """Render Python expressions as C++, constants in the precision of what they meet.

    Parameters
    ----------
    kinds : mapping of str to Kind
        Kinds of the names; names that are not in it count as constants.
    auto_vectorise : set of str
        As in Brian2: functions that take the index of the cell as well.
    """

    def __init__(self, kinds: Mapping[str, Kind], auto_vectorise: set[str]) -> None:
        super().__init__(auto_vectorise=auto_vectorise)
        self.kinds = kinds

    def kind(self, node: ast.AST) -> Kind:
        """Kind of an expression."""
        match node:
            case ast.Constant(value=bool()):
                return Kind.BOOLEAN
            case ast.Constant(value=int()):
                return Kind.LITERAL_INTEGER
            case ast.Name(id=name):
                return self.kinds.get(name, Kind.CONSTANT)
            case ast.BoolOp() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return Kind.BOOLEAN
            case ast.UnaryOp(operand=operand):
                return self.kind(operand)
            case ast.BinOp(left=left, op=op, right=right):
                kind = combine(self.kind(left), self.kind(right))
                if isinstance(op, ast.Div | ast.Pow) and kind in DISCRETE:
                    return combine(kind, Kind.CONSTANT)
                return kind
            case ast.Call(func=ast.Name(id=name), args=args):
                if name in INTEGER_VALUED:
                    return Kind.INTEGER
                if name not in OVERLOADED:
                    return Kind.DOUBLE
                kind = Kind.LITERAL_INTEGER
                for arg in args:
                    kind = combine(kind, self.kind(arg))
                if kind in DISCRETE and name not in ("_clip", "_brian_abs"):
                    kind = combine(kind, Kind.CONSTANT)
                return kind
        return Kind.CONSTANT

    def render_single(self, node: ast.AST) -> str:
        """Render so that the result has single precision, if it has no precision of its own."""
        match self.kind(node), node:
            case Kind.CONSTANT, ast.Constant(value=float(value)):
                return f"{value!r}f"
            case Kind.CONSTANT | Kind.LITERAL_INTEGER, _:
                return f"((float)({self.render_node(node)}))"
            case Kind.FLEXIBLE, ast.BinOp(left=left, op=op, right=right):
                return f"({self._operation(left, op, right, single=True)})"
            case Kind.FLEXIBLE, _:
                return f"((float)({self.render_node(node)}))"
        return self.render_element_parentheses(node)

    def _operation(self, left: ast.AST, op: ast.AST, right: ast.AST, single: bool) -> str:
        render = self.render_single if single else self.render_element_parentheses
        left_code, right_code = render(left), render(right)
        match op:
            case ast.Pow():
                # of numbers that are written out, as in x**2, the compiler makes products
                power = "_power" if single and not is_literal(right) else "_brian_pow"
                return f"{power}({left_code}, {right_code})"
            case ast.Mod():
                return f"_brian_mod({left_code}, {right_code})"
            case ast.FloorDiv():
                return f"_brian_floordiv({left_code}, {right_code})"
            case ast.Div():
                return f"{'1.0f' if single else '1.0'}*{left_code}/{right_code}"
        return f"{left_code} {self.expression_ops[type(op).__name__]} {right_code}"

    def render_BinOp(self, node: ast.BinOp) -> str:
        """Arithmetic; bit operators are refused as by Brian2."""
        if isinstance(node.op, ast.BitXor | ast.BitAnd | ast.BitOr):
            return super().render_BinOp(node)
        single = self.kind(node) is Kind.SINGLE
        return self._operation(node.left, node.op, node.right, single)

    def render_Compare(self, node: ast.Compare) -> str:
        """Compare in the precision of the operands."""
        if len(node.comparators) > 1:
            return super().render_Compare(node)
        right = node.comparators[0]
        single = combine(self.kind(node.left), self.kind(right)) is Kind.SINGLE
        return self._operation(node.left, node.ops[0], right, single)

    def render_Call(self, node: ast.Call) -> str:
        """Call with arguments of one precision, where the function has overloads."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if self.kind(node) is not Kind.SINGLE or name in self.auto_vectorise:
            return str(super().render_Call(node))
        return f"{name}({', '.join(self.render_single(arg) for arg in node.args)})"


def is_literal(node: ast.AST) -> bool:
    """Whether this is a number that is written out."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant)
