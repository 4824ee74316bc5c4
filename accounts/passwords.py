"""What a password must be, said in Chinese."""

from django.contrib.auth.password_validation import MinimumLengthValidator


class LengthValidator(MinimumLengthValidator):
    """Django's own, whose words nobody has translated yet."""

    def get_error_message(self) -> str:
        return f"密码至少需要{self.min_length}个字符。"

    def get_help_text(self) -> str:
        return self.get_error_message()
