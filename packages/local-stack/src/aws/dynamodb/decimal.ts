import { AwsError } from "../aws-service.ts";

/**
 * A number as DynamoDB stores it: ±0.DIGITS × 10^exponent, where DIGITS has no zeros at either end and is empty for
 * zero.
 */
export interface Decimal {
  negative: boolean;
  digits: string;
  exponent: number;
}

const FORM = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?$/;
/** Whole numbers of up to 15 digits are exact in a double and already in normal form. */
const SHORT = /^(?:0|-?[1-9]\d{0,14})$/;
/** Developer Guide, "Data types: Number": at most 38 digits, and positive magnitudes from 1E-130 to 9.9…E+125. */
const MAX_DIGITS = 38;
const MAX_EXPONENT = 126;
const MIN_EXPONENT = -129;

function invalid(message: string): AwsError {
  return new AwsError("ValidationException", message);
}

function checkRange(decimal: Decimal): Decimal {
  if (decimal.digits.length > MAX_DIGITS) {
    throw invalid("Attempting to store more than 38 significant digits in a Number");
  }
  if (decimal.exponent > MAX_EXPONENT) {
    throw invalid("Number overflow. Attempting to store a number with magnitude larger than supported range");
  }
  if (decimal.exponent < MIN_EXPONENT) {
    throw invalid(
      "Number underflow. Attempting to store a number with magnitude smaller than supported range",
    );
  }
  return decimal;
}

function decimalOf(negative: boolean, digitsBeforePoint: number, allDigits: string): Decimal {
  const start = /[1-9]/.exec(allDigits)?.index;
  if (start === undefined) return { negative: false, digits: "", exponent: 0 };
  const digits = allDigits.slice(start).replace(/0+$/, "");
  return checkRange({ negative, digits, exponent: digitsBeforePoint - start });
}

/** Reads the text of an `N`. Throws a ValidationException worded as DynamoDB's. */
export function parseDecimal(text: string): Decimal {
  const match = FORM.exec(text);
  const whole = match?.[2] ?? "";
  const fraction = match?.[3] ?? "";
  if (match === null || whole.length + fraction.length === 0) {
    throw invalid(
      text === ""
        ? "The parameter cannot be converted to a numeric value"
        : `The parameter cannot be converted to a numeric value: ${text}`,
    );
  }
  return decimalOf(match[1] === "-", whole.length + Number(match[4] ?? 0), whole + fraction);
}

/** Plain notation, in which DynamoDB returns numbers. */
export function formatDecimal({ negative, digits, exponent }: Decimal): string {
  if (digits === "") return "0";
  const sign = negative ? "-" : "";
  if (exponent <= 0) return `${sign}0.${"0".repeat(-exponent)}${digits}`;
  if (exponent >= digits.length) return sign + digits + "0".repeat(exponent - digits.length);
  return `${sign}${digits.slice(0, exponent)}.${digits.slice(exponent)}`;
}

/** The normal form of a number: `1.0`, `+1` and `1e0` become `1`. */
export function normaliseNumber(text: string): string {
  return SHORT.test(text) ? text : formatDecimal(parseDecimal(text));
}

function scaled({ negative, digits, exponent }: Decimal, scale: number): bigint {
  if (digits === "") return 0n;
  const magnitude = BigInt(digits) * 10n ** BigInt(exponent - digits.length - scale);
  return negative ? -magnitude : magnitude;
}

/** The exact sum. Throws if it has more than 38 digits. */
export function addNumbers(left: string, right: string): string {
  if (SHORT.test(left) && SHORT.test(right)) return String(Number(left) + Number(right));
  const a = parseDecimal(left);
  const b = parseDecimal(right);
  const scale = Math.min(a.exponent - a.digits.length, b.exponent - b.digits.length);
  const sum = scaled(a, scale) + scaled(b, scale);
  const digits = (sum < 0n ? -sum : sum).toString();
  return formatDecimal(decimalOf(sum < 0n, digits.length + scale, digits));
}

/** The number with the opposite sign. */
export function negateNumber(text: string): string {
  if (text === "0") return text;
  return text.startsWith("-") ? text.slice(1) : `-${text}`;
}

/** Returns less than, equal to or more than zero, as `left` is less than, equal to or more than `right`. */
export function compareNumbers(left: string, right: string): number {
  if (SHORT.test(left) && SHORT.test(right)) return Number(left) - Number(right);
  return Buffer.compare(encodeNumber(left), encodeNumber(right));
}

/**
 * Encodes a number in bytes that sort like the numbers: sign, exponent, digits; complemented if the number is negative.
 */
export function encodeNumber(text: string): Buffer {
  const { negative, digits, exponent } = parseDecimal(text);
  if (digits === "") return Buffer.from([1]);
  const bytes = Buffer.concat([Buffer.from([2, exponent - MIN_EXPONENT]), Buffer.from(digits, "latin1")]);
  if (!negative) return bytes;
  // The end mark sorts the longer of two negative numbers with the same leading digits first.
  return Buffer.concat([Buffer.from([0]), bytes.subarray(1).map((byte) => 255 - byte), Buffer.from([255])]);
}

/** Bytes that a number adds to an item's size: one for two digits, and one or two more. */
export function numberSize(text: string): number {
  const digits = text.replace(/^-?0*\.?0*|[-.]|(?<=[1-9])0+$/g, "").length;
  return Math.ceil(digits / 2) + (text.startsWith("-") ? 2 : 1);
}
